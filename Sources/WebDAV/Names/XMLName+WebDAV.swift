package import XMLStream

/// RFC 4918, and the small RFCs that add to the `DAV:` namespace.
extension XMLName {
    // MARK: RFC 4918, 14: elements

    package static let allprop = XMLName(dav: "allprop")
    package static let collection = XMLName(dav: "collection")
    package static let depth = XMLName(dav: "depth")
    package static let error = XMLName(dav: "error")
    package static let exclusive = XMLName(dav: "exclusive")
    package static let href = XMLName(dav: "href")
    package static let include = XMLName(dav: "include")
    package static let location = XMLName(dav: "location")
    package static let multistatus = XMLName(dav: "multistatus")
    package static let owner = XMLName(dav: "owner")
    package static let prop = XMLName(dav: "prop")
    package static let propertyupdate = XMLName(dav: "propertyupdate")
    package static let propfind = XMLName(dav: "propfind")
    package static let propname = XMLName(dav: "propname")
    package static let propstat = XMLName(dav: "propstat")
    package static let remove = XMLName(dav: "remove")
    package static let response = XMLName(dav: "response")
    package static let responsedescription = XMLName(dav: "responsedescription")
    package static let set = XMLName(dav: "set")
    package static let shared = XMLName(dav: "shared")
    package static let status = XMLName(dav: "status")

    // MARK: RFC 4918, 15: properties

    package static let creationdate = XMLName(dav: "creationdate")
    package static let displayname = XMLName(dav: "displayname")
    package static let getcontentlanguage = XMLName(dav: "getcontentlanguage")
    package static let getcontentlength = XMLName(dav: "getcontentlength")
    package static let getcontenttype = XMLName(dav: "getcontenttype")
    package static let getetag = XMLName(dav: "getetag")
    package static let getlastmodified = XMLName(dav: "getlastmodified")
    package static let lockdiscovery = XMLName(dav: "lockdiscovery")
    package static let resourcetype = XMLName(dav: "resourcetype")
    package static let supportedlock = XMLName(dav: "supportedlock")

    // MARK: RFC 4918, 14: locks

    package static let activelock = XMLName(dav: "activelock")
    package static let lockentry = XMLName(dav: "lockentry")
    package static let lockinfo = XMLName(dav: "lockinfo")
    package static let lockroot = XMLName(dav: "lockroot")
    package static let lockscope = XMLName(dav: "lockscope")
    package static let locktoken = XMLName(dav: "locktoken")
    package static let locktype = XMLName(dav: "locktype")
    package static let timeout = XMLName(dav: "timeout")
    package static let write = XMLName(dav: "write")

    // MARK: RFC 4918, 16: conditions

    package static let cannotModifyProtectedProperty = XMLName(dav: "cannot-modify-protected-property")
    package static let lockTokenMatchesRequestURI = XMLName(dav: "lock-token-matches-request-uri")
    package static let lockTokenSubmitted = XMLName(dav: "lock-token-submitted")
    package static let noConflictingLock = XMLName(dav: "no-conflicting-lock")
    package static let noExternalEntities = XMLName(dav: "no-external-entities")
    package static let preservedLiveProperties = XMLName(dav: "preserved-live-properties")
    package static let propfindFiniteDepth = XMLName(dav: "propfind-finite-depth")

    // MARK: RFC 3253: reports

    package static let expandProperty = XMLName(dav: "expand-property")
    package static let property = XMLName(dav: "property")
    package static let report = XMLName(dav: "report")
    package static let supportedMethod = XMLName(dav: "supported-method")
    package static let supportedMethodSet = XMLName(dav: "supported-method-set")
    package static let supportedReport = XMLName(dav: "supported-report")
    package static let supportedReportSet = XMLName(dav: "supported-report-set")

    // MARK: RFC 4331: quota

    package static let quotaAvailableBytes = XMLName(dav: "quota-available-bytes")
    package static let quotaNotExceeded = XMLName(dav: "quota-not-exceeded")
    package static let quotaUsedBytes = XMLName(dav: "quota-used-bytes")

    // MARK: RFC 5397, 5842, 5995

    package static let addMember = XMLName(dav: "add-member")
    package static let currentUserPrincipal = XMLName(dav: "current-user-principal")
    package static let resourceID = XMLName(dav: "resource-id")
    package static let unauthenticated = XMLName(dav: "unauthenticated")

    // MARK: RFC 5689: extended MKCOL

    package static let mkcol = XMLName(dav: "mkcol")
    package static let mkcolResponse = XMLName(dav: "mkcol-response")
    package static let validResourcetype = XMLName(dav: "valid-resourcetype")

    // MARK: RFC 6578: synchronisation

    package static let limit = XMLName(dav: "limit")
    package static let nresults = XMLName(dav: "nresults")
    package static let numberOfMatchesWithinLimits = XMLName(dav: "number-of-matches-within-limits")
    package static let syncCollection = XMLName(dav: "sync-collection")
    package static let syncLevel = XMLName(dav: "sync-level")
    package static let syncToken = XMLName(dav: "sync-token")
    package static let syncTraversalSupported = XMLName(dav: "sync-traversal-supported")
    package static let validSyncToken = XMLName(dav: "valid-sync-token")
}
