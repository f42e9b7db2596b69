import HTTPTypes
package import XMLStream

/// The body of LOCK (RFC 4918, 14.11).
package struct LockRequest: Hashable, Sendable {
    package enum Scope: Hashable, Sendable {
        case exclusive
        case shared

        package var name: XMLName {
            switch self {
            case .exclusive: .exclusive
            case .shared: .shared
            }
        }
    }

    package let scope: Scope
    /// What the client says about who holds the lock, kept as it is.
    package let owner: XMLElement?

    /// The most that `owner` may take, in bytes.
    private static let maximumOwner = 8_192

    /// - Returns: nil for an empty body, which refreshes a lock.
    /// - Throws: 400 for other bodies than `lockinfo`, 422 for kinds of locks that do not exist.
    package init?(parsing body: [UInt8]) throws(DAVError) {
        guard !body.isEmpty else { return nil }
        let root = try RequestBody.parse(body, root: .lockinfo)
        let scope = try root.required(.lockscope)
        if scope.first(.exclusive) != nil {
            self.scope = .exclusive
        } else if scope.first(.shared) != nil {
            self.scope = .shared
        } else {
            throw DAVError(.unprocessableContent, "The scope of a lock is exclusive or shared.")
        }
        guard try root.required(.locktype).first(.write) != nil else {
            throw DAVError(.unprocessableContent, "There are locks against writing only.")
        }
        owner = root.first(.owner)
        if let owner {
            var writer = XMLWriter(prefixes: [])
            writer.element(owner)
            guard writer.bytes.count <= Self.maximumOwner else {
                throw DAVError(.contentTooLarge, "The owner of a lock is longer than \(Self.maximumOwner) bytes.")
            }
        }
    }
}
