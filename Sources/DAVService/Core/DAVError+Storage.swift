import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// The one table from storage errors to answers.
extension DAVError {
    init(_ error: CollectionStoreError) {
        switch error.code {
        case .notFound: self.init(.notFound, error.reason)
        case .alreadyExists: self.init(.methodNotAllowed, error.reason)
        case .parentMissing: self.init(.conflict, error.reason)
        case .preconditionFailed:
            self.init(.preconditionFailed, error.reason)
            if let tag = error.currentETag { headers[.eTag] = tag.quoted }
        case .uidConflict: self.init(.forbidden, .caldavNoUidConflict, error.reason)
        case .invalidContent:
            self.init(.forbidden, XMLName(caldav: error.precondition ?? "valid-calendar-data"), error.reason)
        case .unsupportedComponent: self.init(.forbidden, .supportedCalendarComponent, error.reason)
        case .invalidName, .invalidProperty: self.init(.forbidden, error.reason)
        case .invalidToken: self.init(.forbidden, .validSyncToken, error.reason)
        case .locked: self.init(.serviceUnavailable, error.reason, headers: [.retryAfter: "1"])
        default: self.init(.internalServerError, error.reason)
        }
    }

    /// The answer to a refused PUT, with the vocabulary of the collection it was for.
    /// - Parameter holder: gives the href of a member.
    init(_ error: CollectionStoreError, storingIn type: CollectionType, holder: (MemberName) -> String) {
        self.init(error)
        let isAddressbook = type == .addressbook
        switch error.code {
        case .uidConflict:
            condition = XMLElement(
                isAddressbook ? .carddavNoUidConflict : .caldavNoUidConflict,
                error.member.map { [XMLElement(.href, text: holder($0))] } ?? [])
        case .invalidContent:
            let fallback = isAddressbook ? "valid-address-data" : "valid-calendar-data"
            let namespace = isAddressbook ? DAVNamespace.carddav : DAVNamespace.caldav
            condition = XMLElement(XMLName(namespace, error.precondition ?? fallback))
        case .notFound: status = .conflict
        default: break
        }
    }
}
