/// What a sync token of a journaled collection says: the state a client has, and, in the middle of a truncated list, to
/// which state it is on its way and how far it has come.
///
/// `<state>`, or `<old state>-<new state>-<last name reported, in hexadecimal>`.
struct JournalProgress: Sendable {
    var base: StateToken?
    var target: StateToken?
    var after: MemberName?

    /// nil asks for everything.
    init(_ token: SyncToken?) throws(CollectionStoreError) {
        guard let token else { return }
        let shown = token.description.prefix(100).debugDescription
        let invalid = CollectionStoreError(.invalidToken, "\(shown) is not a sync token of this server.")
        let parts = token.description.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 1 || parts.count == 3 else { throw invalid }
        if parts[0] != Self.nothing || parts.count == 1 {
            guard let base = StateToken(parts[0]) else { throw invalid }
            self.base = base
        }
        guard parts.count == 3 else { return }
        guard let target = StateToken(parts[1]), let bytes = SyncProgress.bytes(hex: parts[2]),
            let text = String(validating: bytes, as: UTF8.self), let name = try? MemberName(text)
        else { throw invalid }
        self.target = target
        after = name
    }

    /// In the place of the state of a client that knows nothing.
    private static let nothing = "0"

    static func token(from base: StateToken?, to target: StateToken, after name: MemberName) -> SyncToken {
        let hex = name.string.utf8.map { SyncProgress.hex($0) }.joined()
        return SyncToken("\(base?.text ?? nothing)-\(target.text)-\(hex)")
    }
}
