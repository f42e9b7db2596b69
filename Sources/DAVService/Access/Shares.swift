import CollectionStore
import Synchronization

/// Collections of others that appear in a person's homes, each under the name `owner~name`.
struct Shares: Sendable {
    private var entries: [(shown: CollectionPath, target: CollectionPath)] = []

    init() {}

    mutating func add(_ target: CollectionPath, in home: CollectionPath) {
        guard let owner = target.segments.first, let shown = try? home.appending("\(owner)~\(target.name)"),
            !entries.contains(where: { $0.shown == shown || $0.target == target })
        else { return }
        entries.append((shown, target))
    }

    var isEmpty: Bool { entries.isEmpty }

    /// Where something really is.
    func resolve(_ path: CollectionPath) throws(CollectionStoreError) -> CollectionPath {
        for entry in entries where path.isWithin(entry.shown) {
            return try Self.replace(entry.shown, by: entry.target, in: path)
        }
        return path
    }

    /// Where the person sees it.
    func shown(_ path: CollectionPath) -> CollectionPath {
        for entry in entries where path.isWithin(entry.target) {
            return (try? Self.replace(entry.target, by: entry.shown, in: path)) ?? path
        }
        return path
    }

    /// What is shown directly below a home.
    func targets(shownIn home: CollectionPath) -> [CollectionPath] {
        entries.filter { $0.shown.parent == home }.map(\.target)
    }

    /// What is shown at a path, if it is a share itself.
    func target(shownAt path: CollectionPath) -> CollectionPath? { entries.first { $0.shown == path }?.target }

    private static func replace(
        _ old: CollectionPath, by new: CollectionPath, in path: CollectionPath
    ) throws(CollectionStoreError) -> CollectionPath {
        try CollectionPath(segments: new.segments + path.segments.dropFirst(old.segments.count))
    }
}

/// The shares of everybody who was here a moment ago.
final class ShareTable: Sendable {
    private let known = Mutex<[CollectionPath: (shares: Shares, until: ContinuousClock.Instant)]>([:])
    private static let lifetime = Duration.seconds(2)
    private static let maximumCount = 10_000

    func shares(of principal: CollectionPath, in storage: any CollectionStorage) async throws -> Shares {
        let now = ContinuousClock.now
        if let entry = known.withLock({ $0[principal] }), entry.until > now { return entry.shares }
        var shares = Shares()
        if case .directory(let directory) = try await storage.node(at: principal) {
            let settings = directory.settings
            for target in settings.shares where !target.isWithin(principal) {
                guard case .collection(let view) = try await storage.node(at: target) else { continue }
                let homes = view.type == .addressbook ? settings.addressbookHomes : settings.calendarHomes
                guard let home = homes.first, let path = try? CollectionPath("\(principal)/\(home)") else { continue }
                shares.add(target, in: path)
            }
        }
        let result = shares
        known.withLock { known in
            if known.count >= Self.maximumCount { known.removeAll() }
            known[principal] = (result, now + Self.lifetime)
        }
        return shares
    }

    /// Whether it is known that nothing is shared with the person.
    func knowsNone(of principal: CollectionPath) -> Bool {
        known.withLock { known in
            known[principal].map { $0.shares.isEmpty && $0.until > ContinuousClock.now } ?? false
        }
    }

    func forget(_ principal: CollectionPath) { known.withLock { $0[principal] = nil } }
}
