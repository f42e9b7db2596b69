import ConnectorKit
import KlosetFormat

extension Repository {
    /// Removes what no snapshot needs any more, in two steps that lie the grace period apart: packfiles are first
    /// scheduled for removal, and removed by a later maintenance (format, section 8.8). Takes an exclusive lock.
    ///
    /// - Throws: ``KlosetError/Code/locked`` when somebody works on the store; ``KlosetError`` when a snapshot, a state
    ///   or anything they refer to is damaged or missing. Nothing was changed then.
    public func maintain(
        _ options: MaintenanceOptions = MaintenanceOptions(),
        report: @escaping @Sendable (MaintenanceEvent) -> Void = { _ in }
    ) async throws -> MaintenanceReport {
        if options.isRehearsal {
            return try await MaintenanceRun(self, options, lock: nil, report).run()
        }
        guard try await store.mode.contains(.writable) else {
            throw ConnectorError(.unsupported, "\(store.location) cannot be written to.")
        }
        let lock = try await RepositoryLock.acquire(self, .random(), isExclusive: true)
        return try await lock.hold { try await MaintenanceRun(self, options, lock: lock, report).run() }
    }
}

/// One maintenance while it runs.
private final class MaintenanceRun {
    private let repository: Repository
    private let options: MaintenanceOptions
    /// nil for a rehearsal, which changes nothing.
    private let lock: RepositoryLock?
    private let tell: @Sendable (MaintenanceEvent) -> Void
    private var result = MaintenanceReport()

    init(
        _ repository: Repository, _ options: MaintenanceOptions, lock: RepositoryLock?,
        _ tell: @escaping @Sendable (MaintenanceEvent) -> Void
    ) {
        self.repository = repository
        self.options = options
        self.lock = lock
        self.tell = tell
    }

    func run() async throws -> MaintenanceReport {
        result.staleLocks = lock?.staleLocksRemoved ?? 0
        let snapshots = try await soundSnapshots()
        let stored = Set(try await repository.store.list(.packfile))
        let use = try await use(of: snapshots, stored)
        try await schedule(use, stored)
        try await sweep(use, stored)
        try await removeLeftovers()
        return result
    }

    // MARK: Used set

    /// - Throws: when a snapshot or a state cannot be read: what only it refers to would be taken for garbage.
    private func soundSnapshots() async throws -> [MAC] {
        let listing = try await repository.snapshots()
        if let (state, error) = listing.damagedStates.first {
            throw KlosetError(
                .corrupt, "State \(state) cannot be read, so nobody can tell what is needed: \(error.reason).",
                advice: "Nothing was changed. \"repair\" tells what can be done.")
        }
        if let (snapshot, error) = listing.unreadable.first {
            throw KlosetError(
                .corrupt,
                "Snapshot \(snapshot.hex.prefix(8)) cannot be read, so nobody can tell what it needs: \(error.reason).",
                advice: "Nothing was changed. If the snapshot cannot be saved, remove it with \"rm\" first.")
        }
        return listing.headers.map(\.identifier)
    }

    private func use(of snapshots: [MAC], _ stored: Set<MAC>) async throws -> PackfileUse {
        tell(.begins(snapshots: snapshots.count))
        var use = PackfileUse(repository, repository.aggregate, stored: stored)
        for snapshot in snapshots {
            do {
                try await use.add(snapshot)
            } catch let error as KlosetError {
                throw KlosetError(
                    error.code, "Maintenance is impossible, \(error.reason).",
                    advice: "Nothing was changed. \"check\" names everything that is damaged.")
            }
            result.snapshots += 1
            tell(.walked(snapshot: snapshot))
        }
        return use
    }

    // MARK: Colour pass

    /// Schedules what nothing needs, and takes back what is needed after all.
    private func schedule(_ use: PackfileUse, _ stored: Set<MAC>) async throws {
        let aggregate = repository.aggregate
        let now = repository.clock()
        let sizes = listedSizes(aggregate)
        var state = newState()
        for (number, packfile) in aggregate.packfiles.enumerated() where packfile.isListed {
            let item = await describe(packfile.mac, estimate: sizes[number])
            if use.used.contains(number) {
                result.used.append(item)
                guard packfile.colouredAt != nil else { continue }
                try state.add(.colour(.packfile, packfile.mac))
                result.rescued.append(item)
            } else if packfile.colouredAt == nil {
                state.add(ColouredRecord(.packfile, packfile.mac, time: now.nanosecondsSince1970))
                result.scheduled.append(await describe(packfile.mac, estimate: sizes[number], due: due(now)))
            }
        }
        try await scheduleOrphans(stored, aggregate, now, &state)
        try await publish(state, at: now)
    }

    /// Packfiles that no state lists: a writer that was killed leaves them. Old ones are scheduled like any other.
    private func scheduleOrphans(
        _ stored: Set<MAC>, _ aggregate: StateAggregate, _ now: Timestamp, _ state: inout StateWriter
    ) async throws {
        // Listed, scheduled, or deleted by a state but not yet in the store.
        let known = Set(aggregate.packfiles.filter { $0.isListed || $0.isDeleted || $0.colouredAt != nil }.map(\.mac))
        for mac in stored.subtracting(known).sorted() {
            try Task.checkCancellation()
            do {
                let packfile = try await WholePackfile.read(mac, repository)
                let item = await describe(mac, estimate: UInt64(packfile.size), due: due(now))
                guard isPast(packfile.createdAt, now) else {
                    result.young.append(item)
                    continue
                }
                state.add(ColouredRecord(.packfile, mac, time: now.nanosecondsSince1970))
                result.scheduled.append(item)
            } catch let error as KlosetError where error.code != .notFound {
                result.damaged.append((await describe(mac, estimate: 0), error.reason))
                tell(.warning("\(error.reason). No state lists it; it is left alone."))
            } catch is KlosetError {
                // Gone meanwhile.
            }
        }
    }

    // MARK: Sweep pass

    private func sweep(_ use: PackfileUse, _ stored: Set<MAC>) async throws {
        let aggregate = repository.aggregate
        let now = repository.clock()
        let sizes = listedSizes(aggregate)
        let fresh = Set(result.scheduled.map(\.mac))
        var state = newState()
        var doomed: [MaintenanceReport.Packfile] = []
        for (number, packfile) in aggregate.packfiles.enumerated() {
            guard !packfile.isDeleted, let time = packfile.colouredAt, !use.used.contains(number) else { continue }
            let item = await describe(
                packfile.mac, estimate: sizes[number], due: due(Timestamp(nanosecondsSince1970: time)))
            guard isPast(time, now) else {
                if !fresh.contains(packfile.mac) { result.waiting.append(item) }
                continue
            }
            try state.add(.colour(.packfile, packfile.mac))
            doomed.append(item)
        }
        for item in doomed { try state.add(.packfile(item.mac)) }
        if !doomed.isEmpty { try forgetLostLocations(aggregate, &state) }
        try await publish(state, at: now)
        // What a maintenance that was cut off has taken out of the states already.
        for packfile in aggregate.packfiles where packfile.isDeleted && stored.contains(packfile.mac) {
            doomed.append(await describe(packfile.mac, estimate: 0))
        }
        try await remove(doomed, stored)
        // Without waiting, what was scheduled is gone at once.
        let gone = Set(doomed.map(\.mac))
        result.scheduled.removeAll { gone.contains($0.mac) }
    }

    /// Locations in packfiles that no state lists; a long backup that was cut off leaves them.
    private func forgetLostLocations(_ aggregate: StateAggregate, _ state: inout StateWriter) throws {
        for location in aggregate.blobs.locations {
            let packfile = aggregate.packfile(location.packfile)
            guard !packfile.isKnown, !packfile.isDeleted else { continue }
            try state.add(
                .location(BlobID(BlobType(rawValue: location.type), location.mac), packfile: packfile.mac))
        }
    }

    /// Only after the state that takes them out is durable.
    private func remove(_ packfiles: [MaintenanceReport.Packfile], _ stored: Set<MAC>) async throws {
        for (index, item) in packfiles.enumerated() {
            if !options.keepsFiles, stored.contains(item.mac), let lock {
                if index % 64 == 0 { try await lock.checkHeld() }
                try Task.checkCancellation()
                try await repository.store.delete(.packfile, item.mac)
            }
            result.removed.append(item)
            tell(.removed(item))
        }
    }

    private func removeLeftovers() async throws {
        guard let store = repository.store as? any StoreHousekeeping else { return }
        result.leftovers = try store.leftovers(before: repository.clock().subtracting(options.grace))
        guard lock != nil else { return }
        for leftover in result.leftovers { try store.remove(leftover: leftover.path) }
    }

    // MARK: States

    private func newState() -> StateWriter { StateWriter(parent: repository.aggregate.newestState?.mac ?? .zero) }

    private func publish(_ state: StateWriter, at now: Timestamp) async throws {
        guard let lock, !state.isEmpty else { return }
        try Task.checkCancellation()
        try await lock.checkHeld()
        let serial = repository.aggregate.newestState?.serial ?? .zero
        try await repository.putState(
            state.finish(timestamp: now.nanosecondsSince1970, serial: serial), .random())
        try await repository.refresh()
    }

    // MARK: Times and sizes

    private func due(_ time: Timestamp) -> Timestamp { time.adding(options.grace) }

    /// - Parameter time: nanoseconds since 1970.
    private func isPast(_ time: Int64, _ now: Timestamp) -> Bool {
        Timestamp(nanosecondsSince1970: time) <= now.subtracting(options.grace)
    }

    private func describe(
        _ mac: MAC, estimate: UInt64, due: Timestamp? = nil
    ) async -> MaintenanceReport.Packfile {
        let known = try? await repository.store.size(of: .packfile, mac)
        return MaintenanceReport.Packfile(mac: mac, size: (known ?? nil) ?? estimate, due: due)
    }

    /// Bytes of the blobs in each packfile as the states give them.
    private func listedSizes(_ aggregate: StateAggregate) -> [UInt64] {
        var sizes = [UInt64](repeating: 0, count: aggregate.packfiles.count)
        for location in aggregate.blobs.locations { sizes[Int(location.packfile)] &+= UInt64(location.length) }
        return sizes
    }
}

extension Timestamp {
    func adding(_ duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        var result = Timestamp(
            seconds: self.seconds.addingReportingOverflow(seconds).partialValue, nanoseconds: nanoseconds)
        let total = Int64(nanoseconds) + attoseconds / 1_000_000_000
        let (carry, rest) = total.quotientAndRemainder(dividingBy: 1_000_000_000)
        result.seconds = result.seconds.addingReportingOverflow(rest < 0 ? carry - 1 : carry).partialValue
        result.nanoseconds = UInt32(rest < 0 ? rest + 1_000_000_000 : rest)
        return result
    }

    func subtracting(_ duration: Duration) -> Timestamp { adding(.zero - duration) }
}
