import ConnectorKit
import KlosetFormat

/// The names of a writer's packfiles. Any that are unique will do (format, section 7.4); these follow from a random text
/// in the writer's lock, so that whoever finds the lock of a writer that was killed knows what it left behind.
struct PackfileNames: Sendable {
    private let keys: RepositoryKeys
    private let token: String

    init(_ keys: RepositoryKeys, token: String) {
        self.keys = keys
        self.token = token
    }

    func name(_ number: Int) -> MAC { keys.mac(Array("packfile \(number) of \(token)".utf8)) }
}

extension Repository {
    /// Removes the packfiles of writers that have certainly ended before they published anything.
    ///
    /// Only in stores that tell at once what they hold: elsewhere a state may still be on its way. What a state says
    /// anything of is left to maintenance, and so is everything when a state cannot be read.
    ///
    /// - Parameter tokens: the random texts in their locks.
    func removePackfiles(ofWriters tokens: [String]) async throws {
        guard let housekeeping = store as? any StoreHousekeeping, !tokens.isEmpty else { return }
        try await refresh()
        guard damagedStates.isEmpty else { return }
        let known = Set(aggregate.packfiles.map(\.mac))
        let stored = Set(try await store.list(.packfile))
        for token in tokens {
            let names = PackfileNames(keys, token: token)
            var candidates: Set<MAC> = []
            var number = 0
            // Several packfiles are under way at a time, and one that was given up leaves a gap.
            var misses = 0
            while misses < 64 {
                let name = names.name(number)
                number += 1
                misses = stored.contains(name) ? 0 : misses + 1
                guard !known.contains(name) else { continue }
                candidates.insert(name)
                if misses == 0 { try await store.delete(.packfile, name) }
            }
            try housekeeping.removeUploads(of: candidates)
        }
    }
}
