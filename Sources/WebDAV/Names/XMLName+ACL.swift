package import XMLStream

/// RFC 3744: principals and privileges.
extension XMLName {
    // MARK: 4: properties of principals

    package static let alternateURISet = XMLName(dav: "alternate-URI-set")
    package static let groupMemberSet = XMLName(dav: "group-member-set")
    package static let groupMembership = XMLName(dav: "group-membership")
    package static let principal = XMLName(dav: "principal")
    package static let principalURL = XMLName(dav: "principal-URL")

    // MARK: 5: properties of all resources

    package static let acl = XMLName(dav: "acl")
    package static let aclRestrictions = XMLName(dav: "acl-restrictions")
    package static let currentUserPrivilegeSet = XMLName(dav: "current-user-privilege-set")
    package static let group = XMLName(dav: "group")
    package static let inheritedAclSet = XMLName(dav: "inherited-acl-set")
    package static let principalCollectionSet = XMLName(dav: "principal-collection-set")
    package static let supportedPrivilegeSet = XMLName(dav: "supported-privilege-set")

    // MARK: 3, 5.3, 5.5: privileges and entries

    package static let abstract = XMLName(dav: "abstract")
    package static let ace = XMLName(dav: "ace")
    package static let all = XMLName(dav: "all")
    package static let authenticated = XMLName(dav: "authenticated")
    package static let bind = XMLName(dav: "bind")
    package static let deny = XMLName(dav: "deny")
    package static let description = XMLName(dav: "description")
    package static let grant = XMLName(dav: "grant")
    package static let inherited = XMLName(dav: "inherited")
    package static let invert = XMLName(dav: "invert")
    package static let privilege = XMLName(dav: "privilege")
    package static let protected = XMLName(dav: "protected")
    package static let read = XMLName(dav: "read")
    package static let readAcl = XMLName(dav: "read-acl")
    package static let readCurrentUserPrivilegeSet = XMLName(dav: "read-current-user-privilege-set")
    package static let selfPrincipal = XMLName(dav: "self")
    package static let supportedPrivilege = XMLName(dav: "supported-privilege")
    package static let unbind = XMLName(dav: "unbind")
    package static let unlock = XMLName(dav: "unlock")
    package static let writeAcl = XMLName(dav: "write-acl")
    package static let writeContent = XMLName(dav: "write-content")
    package static let writeProperties = XMLName(dav: "write-properties")

    // MARK: 9: reports

    package static let aclPrincipalPropSet = XMLName(dav: "acl-principal-prop-set")
    package static let applyToPrincipalCollectionSet = XMLName(dav: "apply-to-principal-collection-set")
    package static let match = XMLName(dav: "match")
    package static let principalMatch = XMLName(dav: "principal-match")
    package static let principalProperty = XMLName(dav: "principal-property")
    package static let principalPropertySearch = XMLName(dav: "principal-property-search")
    package static let principalSearchProperty = XMLName(dav: "principal-search-property")
    package static let principalSearchPropertySet = XMLName(dav: "principal-search-property-set")
    package static let propertySearch = XMLName(dav: "property-search")

    // MARK: 7.1.1, 8: conditions

    package static let allowedPrincipal = XMLName(dav: "allowed-principal")
    package static let grantOnly = XMLName(dav: "grant-only")
    package static let limitedNumberOfAces = XMLName(dav: "limited-number-of-aces")
    package static let noInvert = XMLName(dav: "no-invert")
    package static let notSupportedPrivilege = XMLName(dav: "not-supported-privilege")
    package static let needPrivileges = XMLName(dav: "need-privileges")
    package static let noAceConflict = XMLName(dav: "no-ace-conflict")
    package static let recognizedPrincipal = XMLName(dav: "recognized-principal")
    package static let resource = XMLName(dav: "resource")
}
