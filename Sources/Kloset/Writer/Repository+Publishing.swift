import ConnectorKit
import KlosetFormat

extension Repository {
    /// Writes the states of a snapshot: the one that is named after it last, with all packfile records. Locations
    /// beyond what one state should hold go into states before it, where they count for nothing until then.
    func publish(
        _ written: LocationJournal.Written, of snapshot: MAC, after aggregate: StateAggregate
    ) async throws {
        let newest = aggregate.newestState
        let now = clock().nanosecondsSince1970
        let serial = newest?.serial ?? .zero
        var parent = newest?.mac ?? .zero
        var left = written.count
        var state = StateWriter(parent: parent, reserving: min(left, locationsPerState))
        var locations = written.makeReader()
        while let location = try locations.next() {
            if state.locationCount == locationsPerState {
                let name = MAC.random()
                try await putState((consume state).finish(timestamp: now, serial: serial), name)
                parent = name
                left -= locationsPerState
                state = StateWriter(parent: parent, reserving: min(left, locationsPerState))
            }
            state.add(location)
        }
        for packfile in written.packfiles.sorted() {
            state.add(PackfileRecord(packfile: packfile, state: snapshot, time: now))
        }
        try await putState((consume state).finish(timestamp: now, serial: serial), snapshot)
    }

    func putState(_ payload: consuming [UInt8], _ name: MAC) async throws {
        try await store.put(.state, name, try wrap(.state, .v1_1_0, payload))
    }
}
