/// What differs between a state a client knows and a later one (RFC 6578).
package struct ChangeSet: Hashable, Sendable {
    /// Created or changed, in the order of names.
    package var changed: [Member]
    /// No longer there, in the order of names.
    package var removed: [MemberName]
    /// To be given at the next request.
    package var token: SyncToken
    /// Whether the limit left something out: asking again with `token` gives the rest.
    package var isTruncated: Bool

    package init(changed: [Member], removed: [MemberName], token: SyncToken, isTruncated: Bool) {
        self.changed = changed
        self.removed = removed
        self.token = token
        self.isTruncated = isTruncated
    }
}
