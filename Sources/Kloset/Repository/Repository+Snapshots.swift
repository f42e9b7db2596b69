public import ConnectorKit
public import KlosetFormat

/// The snapshots of a repository.
public struct SnapshotListing: Sendable {
    /// Newest first.
    public var headers: [SnapshotHeader]
    /// Snapshots that are there but whose header cannot be read, by identifier; never hidden.
    public var unreadable: [(snapshot: MAC, error: KlosetError)]
    /// State files that cannot be read. Snapshots that only they know are missing from this listing.
    public var damagedStates: [(state: MAC, error: KlosetError)]
}

extension Repository {
    /// All snapshots that are not deleted, after looking for new ones.
    public func snapshots() async throws -> SnapshotListing {
        try await refresh()
        var listing = SnapshotListing(headers: [], unreadable: [], damagedStates: damagedStates)
        for mac in aggregate.snapshots {
            do {
                listing.headers.append(try await header(mac))
            } catch let error as KlosetError {
                listing.unreadable.append((mac, error))
            }
        }
        listing.headers.sort { ($1.timestamp, $1.identifier) < ($0.timestamp, $0.identifier) }
        listing.unreadable.sort { $0.snapshot < $1.snapshot }
        return listing
    }

    /// Opens a snapshot.
    ///
    /// - Throws: ``KlosetError/Code/notFound`` when there is none of this name, or it was deleted.
    public func snapshot(_ identifier: MAC) async throws -> Snapshot {
        if !aggregate.snapshots.contains(identifier) { try await refresh() }
        guard aggregate.snapshots.contains(identifier) else {
            throw KlosetError(.notFound, "There is no snapshot \(identifier).")
        }
        return Snapshot(self, try await header(identifier))
    }

    /// Opens the snapshot whose identifier begins with these hexadecimal digits.
    ///
    /// - Throws: ``KlosetError/Code/notFound``; ``KlosetError/Code/ambiguous`` when several do, naming them.
    public func snapshot(prefix: String) async throws -> Snapshot {
        try await snapshot(identifier(prefix: prefix))
    }

    /// The snapshot, readable or not, whose identifier begins with these hexadecimal digits; see
    /// ``snapshot(prefix:)``.
    public func identifier(prefix: String) async throws -> MAC {
        try await refresh()
        let wanted = prefix.lowercased()
        let found = aggregate.snapshots.filter { $0.hex.hasPrefix(wanted) }.sorted()
        guard !wanted.isEmpty, let first = found.first else {
            throw KlosetError(.notFound, "There is no snapshot whose identifier begins with \"\(prefix)\".")
        }
        guard found.count == 1 else {
            let names = found.prefix(8).map { String($0.hex.prefix(max(8, wanted.count + 4))) }
            throw KlosetError(
                .ambiguous, "\(found.count) snapshots have identifiers that begin with \"\(prefix)\".",
                advice: "Give more digits: \(names.joined(separator: ", ")).")
        }
        return first
    }

    /// Marks a snapshot as deleted, by publishing one coloured record (format, section 8.7). Its data stay until a
    /// later maintenance.
    public func delete(snapshot identifier: MAC) async throws {
        try await refresh()
        guard aggregate.snapshots.contains(identifier) else {
            throw KlosetError(.notFound, "There is no snapshot \(identifier).")
        }
        let newest = aggregate.newestState
        let now = clock().nanosecondsSince1970
        var state = StateWriter(parent: newest?.mac ?? .zero)
        state.add(ColouredRecord(.snapshot, identifier, time: now))
        let payload = state.finish(timestamp: now, serial: newest?.serial ?? .zero)
        try await store.put(.state, keys.mac(payload), try wrap(.state, .v1_1_0, payload))
        try await refresh()
    }

    func header(_ identifier: MAC) async throws -> SnapshotHeader {
        if let known = knownHeader(identifier) { return known }
        let header: SnapshotHeader = try await message(.snapshot, identifier)
        guard header.identifier == identifier else {
            throw KlosetError(.corrupt, "snapshot \(identifier): its header says it is \(header.identifier)")
        }
        guard !header.sources.isEmpty else {
            throw KlosetError(.corrupt, "snapshot \(identifier): its header names no source")
        }
        remember(header)
        return header
    }
}
