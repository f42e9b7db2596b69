import HTTPTypes
import WebDAV
import XMLStream

/// What a request may need to be allowed to do (RFC 3744, 3).
enum Privilege: Sendable {
    case read
    case writeContent
    case writeProperties
    /// Adding a member or a collection to the one at the path.
    case bind
    /// Removing one from it.
    case unbind

    var name: XMLName {
        switch self {
        case .read: .read
        case .writeContent: .writeContent
        case .writeProperties: .writeProperties
        case .bind: .bind
        case .unbind: .unbind
        }
    }

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
