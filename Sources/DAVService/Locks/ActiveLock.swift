import CollectionStore
import WebDAV
import XMLStream

/// A lock in force (RFC 4918, 6).
struct ActiveLock: Hashable, Sendable {
    /// `urn:uuid:...`
    let token: String
    /// What was locked; a deep lock holds for everything below as well.
    let root: CollectionPath
    let isCollection: Bool
    let scope: LockRequest.Scope
    let isDeep: Bool
    /// What the client said about who holds it.
    let owner: XMLElement?
    /// Whose lock it is: nobody else can use the token.
    let principal: CollectionPath
    /// In seconds, from the last LOCK.
    var timeout: Int
    /// Seconds since 1970.
    var expires: Int64

    func covers(_ path: CollectionPath) -> Bool { isDeep ? path.isWithin(root) : path == root }

    /// `DAV:activelock` (RFC 4918, 14.1).
    func element(now: Int64, href: String) -> XMLElement {
        var parts = [
            XMLElement(.lockscope, [XMLElement(scope.name)]), XMLElement(.locktype, [XMLElement(.write)]),
            XMLElement(.depth, text: isDeep ? "infinity" : "0"),
        ]
        if let owner { parts.append(owner) }
        parts += [
            XMLElement(.timeout, text: LockTimeout.text(max(0, Int(expires - now)))),
            XMLElement(.locktoken, [XMLElement(.href, text: token)]),
            XMLElement(.lockroot, [XMLElement(.href, text: href)]),
        ]
        return XMLElement(.activelock, parts)
    }

    /// The value of `DAV:supportedlock` (RFC 4918, 15.10).
    static let supported: [XMLElement] = [LockRequest.Scope.exclusive, .shared].map { scope in
        XMLElement(
            .lockentry,
            [XMLElement(.lockscope, [XMLElement(scope.name)]), XMLElement(.locktype, [XMLElement(.write)])])
    }
}
