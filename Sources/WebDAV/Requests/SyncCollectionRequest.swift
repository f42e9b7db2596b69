import HTTPTypes
package import XMLStream

/// The body of sync-collection (RFC 6578, 6.1).
package struct SyncCollectionRequest: Hashable, Sendable {
    /// nil asks for everything.
    package let token: String?
    package let isInfinite: Bool
    /// The most members the client wants to hear of.
    package let limit: Int?
    package let selection: PropertySelection

    /// - Parameter depth: older drafts had no `sync-level` and took it from the Depth header.
    package init(_ root: XMLElement, depth: Depth) throws(DAVError) {
        let token = root.first(.syncToken)?.trimmedText ?? ""
        self.token = token.isEmpty ? nil : token
        switch root.first(.syncLevel)?.trimmedText.lowercased() {
        case "1", "": isInfinite = false
        case "infinite", "infinity": isInfinite = true
        case nil: isInfinite = depth == .infinity
        default: throw DAVError(.badRequest, "The sync-level is neither 1 nor infinite.")
        }
        limit = try root.first(.limit).map { (limit) throws(DAVError) in try limit.count(.nresults) }
        selection = try PropertySelection(in: root) ?? .listed([])
    }
}
