import CollectionStore
import Synchronization

/// How much each person's collections hold, as far as it has been added up. Only where there is a limit.
///
/// Adding up takes a look at every member, so it is done rarely: what is stored in between is added to what is known, which
/// is never too little, and before anybody is refused it is added up anew.
final class QuotaTable: Sendable {
    private struct Entry {
        var used: Int
        var until: ContinuousClock.Instant
    }

    private let entries = Mutex<[CollectionPath: Entry]>([:])
    /// After that, changes made behind the server's back are seen too.
    private static let lifetime = Duration.seconds(60)
    private static let maximumCount = 10_000

    /// nil when it has to be added up.
    func used(_ principal: CollectionPath) -> Int? {
        let now = ContinuousClock.now
        return entries.withLock { entries in
            guard let entry = entries[principal], entry.until > now else { return nil }
            return entry.used
        }
    }

    func set(_ used: Int, for principal: CollectionPath) {
        entries.withLock { entries in
            if entries.count >= Self.maximumCount { entries.removeAll() }
            entries[principal] = Entry(used: used, until: .now + Self.lifetime)
        }
    }

    func add(_ bytes: Int, to principal: CollectionPath) {
        entries.withLock { $0[principal]?.used += bytes }
    }
}
