import HTTPTypes
import WebDAV
import XMLStream

/// What a request may need to be allowed to do (RFC 3744, 3).
enum Privilege: Sendable {
    /// Seeing that something is there, and what it is.
    case discover
    case readFreeBusy
    case read
    case writeContent
    case writeProperties
    /// Adding a member or a collection at the path.
    case bind
    /// Removing the one at the path.
    case unbind
    case unlock
    case readAcl
    case writeAcl

    var name: XMLName {
        switch self {
        case .discover, .read: .read
        case .readFreeBusy: .readFreeBusy
        case .writeContent: .writeContent
        case .writeProperties: .writeProperties
        case .bind: .bind
        case .unbind: .unbind
        case .unlock: .unlock
        case .readAcl: .readAcl
        case .writeAcl: .writeAcl
        }
    }

    /// What it takes.
    var access: Access {
        switch self {
        case .discover, .readFreeBusy: .freeBusy
        case .read: .read
        case .writeContent, .writeProperties, .bind, .unbind: .write
        case .unlock, .readAcl, .writeAcl: .owner
        }
    }

    var isOfParent: Bool { self == .bind || self == .unbind }

    /// 403 `need-privileges` (RFC 3744, 7.1.1).
    func missing(at href: String) -> DAVError {
        let resource = XMLElement(
            .resource,
            [XMLElement(.href, text: href), XMLElement(.privilege, [XMLElement(name)])])
        return DAVError(
            .forbidden, "You do not have the privilege \(name.local) at \(href); it belongs to somebody else.",
            condition: XMLElement(.needPrivileges, [resource]))
    }
}
