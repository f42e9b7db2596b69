import ConnectorKit
import KlosetFormat

extension Repository {
    /// Writes states that are lost or cannot be read anew, from the indexes of the packfiles that only they listed
    /// (format, section 8.8). Whatever packfiles say is verified first. What was removed stays removed where a readable
    /// state says so.
    ///
    /// - Parameter apply: otherwise it is only told what would be done, and nothing is locked.
    /// - Throws: ``KlosetError/Code/locked`` when somebody works on the store.
    public func repair(apply: Bool) async throws -> RepairReport {
        guard apply else { return try await RepairRun(self, lock: nil).run() }
        guard try await store.mode.contains(.writable) else {
            throw ConnectorError(.unsupported, "\(store.location) cannot be written to.")
        }
        let lock = try await RepositoryLock.acquire(self, .random(), isExclusive: true)
        return try await lock.hold { try await RepairRun(self, lock: lock).run() }
    }
}

/// One repair while it runs.
private struct RepairRun {
    private let repository: Repository
    /// nil when nothing is to be changed.
    private let lock: RepositoryLock?
    private var report = RepairReport()

    init(_ repository: Repository, lock: RepositoryLock?) {
        self.repository = repository
        self.lock = lock
    }

    consuming func run() async throws -> RepairReport {
        try await repository.refresh()
        let aggregate = repository.aggregate
        for (state, error) in repository.damagedStates { report.unreadable.append((state, error.description)) }
        let stored = Set(try await repository.store.list(.packfile))
        for packfile in aggregate.packfiles where packfile.isListed && !stored.contains(packfile.mac) {
            report.lostPackfiles.append(packfile.mac)
        }
        let groups = try await groups(aggregate, stored)
        for (state, packfiles) in groups { try await rebuild(state, packfiles) }
        try await replaceRest()
        return report
    }

    // MARK: What is missing

    /// Which packfiles go into which state.
    private mutating func groups(
        _ aggregate: StateAggregate, _ stored: Set<MAC>
    ) async throws -> [(state: MAC, packfiles: [MAC])] {
        var groups: [MAC: [MAC]] = [:]
        let present = Set(try await repository.store.list(.state))
        let unreadable = Set(report.unreadable.map(\.state))
        report.missing = aggregate.namedParents.subtracting(present).sorted()
        for (packfile, state) in try await packfileRecords() where stored.contains(packfile) {
            guard !present.contains(state) || unreadable.contains(state) else { continue }
            if !present.contains(state), !report.missing.contains(state) { report.missing.append(state) }
            groups[state, default: []].append(packfile)
        }
        // Packfiles that no state that can be read lists, deletes or schedules: a state is gone without a trace.
        let known = Set(aggregate.packfiles.filter { $0.isListed || $0.isDeleted || $0.colouredAt != nil }.map(\.mac))
        let orphans = stored.subtracting(known).subtracting(groups.values.joined()).sorted()
        if !orphans.isEmpty { try await assign(orphans, unreadable.union(report.missing), &groups) }
        return groups.map { ($0.key, Array(Set($0.value)).sorted()) }.sorted { $0.state < $1.state }
    }

    /// The states of packfiles as the records that are left say.
    private func packfileRecords() async throws -> [(packfile: MAC, state: MAC)] {
        var result: [(MAC, MAC)] = []
        for mac in repository.aggregate.mergedStates {
            guard let state = try? await repository.readState(mac), let payload = state.payload,
                var reader = try? StateReader(payload, version: state.version)
            else { continue }
            while let record = try? reader.next() {
                if case .packfile(let record) = record { result.append((record.packfile, record.state)) }
            }
        }
        return result
    }

    /// A state is named after its snapshot, so the packfile that holds the snapshot tells the name; what holds none goes
    /// with it.
    private mutating func assign(
        _ orphans: [MAC], _ hurt: Set<MAC>, _ groups: inout [MAC: [MAC]]
    ) async throws {
        var found: [(mac: MAC, snapshots: [MAC])] = []
        for mac in orphans {
            do {
                let packfile = try await WholePackfile.read(mac, repository)
                found.append((mac, packfile.records.filter { $0.blob.type == .snapshot }.map(\.blob.mac)))
            } catch let error as KlosetError {
                report.damagedPackfiles.append((mac, error.reason))
            }
        }
        guard !found.isEmpty else { return }
        let snapshots = found.flatMap(\.snapshots)
        let name = snapshots.first { hurt.contains($0) } ?? (snapshots.count == 1 ? snapshots[0] : .random())
        groups[name, default: []] += found.map(\.mac)
    }

    // MARK: Writing

    private mutating func rebuild(_ name: MAC, _ packfiles: [MAC]) async throws {
        let now = repository.clock().nanosecondsSince1970
        let newest = repository.aggregate.newestState
        var state = StateWriter(parent: newest?.mac ?? .zero)
        var rebuilt = RepairReport.RebuiltState(state: name, packfiles: [], blobs: 0, snapshots: [])
        for mac in packfiles {
            try Task.checkCancellation()
            do {
                let packfile = try await WholePackfile.read(mac, repository)
                for record in packfile.records {
                    state.add(
                        BlobLocation(
                            blob: record.blob, version: record.version, packfile: mac, offset: record.offset,
                            length: record.length, flags: record.flags))
                    if record.blob.type == .snapshot { rebuilt.snapshots.append(record.blob.mac) }
                }
                state.add(PackfileRecord(packfile: mac, state: name, time: now))
                rebuilt.packfiles.append(mac)
                rebuilt.blobs += packfile.records.count
            } catch let error as KlosetError {
                report.damagedPackfiles.append((mac, error.reason))
            }
        }
        guard !rebuilt.packfiles.isEmpty else { return }
        report.rebuilt.append(rebuilt)
        guard let lock else { return }
        try await lock.checkHeld()
        try await repository.putState(state.finish(timestamp: now, serial: newest?.serial ?? .zero), name)
        try await repository.refresh()
    }

    /// A state that stays unreadable would keep maintenance from working for ever, and others may have been built on
    /// one that is gone. Once everything that is in the store is listed, such a state said nothing else but which
    /// snapshots were removed, so an empty one takes its place.
    private mutating func replaceRest() async throws {
        guard report.damagedPackfiles.isEmpty else { return }
        let rebuilt = Set(report.rebuilt.map(\.state))
        let damaged = repository.damagedStates.filter { $0.error.code == .corrupt || $0.error.code == .limitExceeded }
        for state in damaged.map(\.state) + report.missing where !rebuilt.contains(state) {
            report.replaced.append(state)
            guard let lock else { continue }
            try await lock.checkHeld()
            let now = repository.clock().nanosecondsSince1970
            let serial = repository.aggregate.newestState?.serial ?? .zero
            try await repository.putState(StateWriter(parent: .zero).finish(timestamp: now, serial: serial), state)
        }
        if lock != nil { try await repository.refresh() }
    }
}
