import ConnectorKit
import KlosetFormat

/// Where a blob can be read.
struct BlobPlace: Sendable {
    let location: BlobIndex.Location
    let packfile: MAC
}

/// What a store contains: the union of its states (format, section 8.4).
///
/// A value: readers keep the one they began with while a refresh builds the next.
struct StateAggregate: Sendable {
    struct Packfile: Sendable {
        let mac: MAC
        /// A packfile record exists; locations in unknown packfiles do not count.
        var isKnown = false
        /// Some state deleted it: it stays deleted whatever order states are merged in, since names are not reused.
        var isDeleted = false
        /// When it was scheduled for deletion, in nanoseconds since 1970; then it is neither read nor
        /// deduplicated against.
        var colouredAt: Int64?

        /// Whether the packfile is part of the store.
        var isListed: Bool { isKnown && !isDeleted }
        var isUsable: Bool { isListed && colouredAt == nil }
    }

    private(set) var blobs = BlobIndex()
    private(set) var packfiles: [Packfile] = []
    private var packfileNumbers: [MAC: UInt32] = [:]
    /// Every identifier that has a location of type snapshot, deleted ones too, in the order of merging.
    private var snapshotMACs: [MAC] = []
    private var colouredSnapshots: [MAC: Int64] = [:]
    private(set) var mergedStates: Set<MAC> = []
    /// What the merged states say they were built on.
    private(set) var namedParents: Set<MAC> = []
    /// The newest state by its own clock, which the next one names as its parent.
    private(set) var newestState: (mac: MAC, time: Int64, serial: RepositoryID)?

    /// A location delete and the number of locations that stood before it.
    private struct LocationDelete: Hashable {
        let blob: BlobID
        let packfile: UInt32
    }

    // MARK: Looking up

    /// Snapshots that are not deleted.
    var snapshots: [MAC] {
        snapshotMACs.filter { mac in
            colouredSnapshots[mac] == nil
                && blobs.first(BlobType.snapshot.rawValue, mac) { isListed($0) ? true : nil } == true
        }
    }

    func isDeleted(snapshot: MAC) -> Bool { colouredSnapshots[snapshot] != nil }

    /// Whether a writer may refer to this blob instead of storing it.
    func contains(_ id: BlobID) -> Bool { number(of: id) != nil }

    /// The number of the first usable location: a compact name for the blob within this aggregate.
    func number(of id: BlobID) -> Int? {
        blobs.first(id.type.rawValue, id.mac) { packfiles[Int(blobs.locations[$0].packfile)].isUsable ? $0 : nil }
    }

    /// The first usable place of a blob.
    func place(of id: BlobID) -> BlobPlace? {
        number(of: id).map { number in
            let location = blobs.locations[number]
            return BlobPlace(location: location, packfile: packfiles[Int(location.packfile)].mac)
        }
    }

    /// Every usable place of a blob, in the order to be tried.
    func places(of id: BlobID) -> [BlobPlace] {
        var result: [BlobPlace] = []
        _ = blobs.first(id.type.rawValue, id.mac) { number -> Void? in
            let location = blobs.locations[number]
            let packfile = packfiles[Int(location.packfile)]
            if packfile.isUsable { result.append(BlobPlace(location: location, packfile: packfile.mac)) }
            return nil
        }
        return result
    }

    func packfile(_ number: UInt32) -> Packfile { packfiles[Int(number)] }

    /// Whether any packfile was ever scheduled for deletion or deleted: without that, whatever an earlier snapshot
    /// refers to is still there.
    var hasRetiredPackfiles: Bool { packfiles.contains { $0.isDeleted || $0.colouredAt != nil } }

    private func isListed(_ location: Int) -> Bool { packfiles[Int(blobs.locations[location].packfile)].isListed }

    // MARK: Merging

    /// Applies the records of one state in their order. Parents must come before the states built on them.
    ///
    /// - Parameter payload: that of ``StateFile``, checked when it was read.
    mutating func merge(_ state: StateFile, _ payload: [UInt8]) throws(FormatError) {
        guard mergedStates.insert(state.mac).inserted else { return }
        if state.parent != .zero { namedParents.insert(state.parent) }
        var deletedHere: Set<MAC> = []
        var locationDeletes: [LocationDelete: Int] = [:]
        blobs.reserveCapacity(blobs.locations.count + state.locationCount)
        var reader = try StateReader(payload, version: state.version)
        while let record = try reader.next() {
            switch record {
            case .location(let location):
                insert(location)
            case .packfile(let record):
                let number = Int(packfileNumber(record.packfile))
                packfiles[number].isKnown = true
                // A state that deletes and lists again means the latter (format, trap 18).
                if deletedHere.contains(record.packfile) { packfiles[number].isDeleted = false }
            case .coloured(let record):
                colour(record)
            case .delete(.packfile(let packfile)):
                packfiles[Int(packfileNumber(packfile))].isDeleted = true
                deletedHere.insert(packfile)
            case .delete(.colour(let resource, let mac)):
                switch resource {
                case .snapshot: colouredSnapshots[mac] = nil
                case .packfile: packfiles[Int(packfileNumber(mac))].colouredAt = nil
                case .other: break
                }
            case .delete(.location(let blob, let packfile)):
                locationDeletes[LocationDelete(blob: blob, packfile: packfileNumber(packfile))] =
                    blobs.locations.count
            case .configuration:
                break
            }
        }
        forget(locationDeletes)
        if let metadata = reader.metadata, metadata.timestamp >= newestState?.time ?? .min {
            newestState = (state.mac, metadata.timestamp, metadata.serial)
        }
    }

    private mutating func insert(_ location: BlobLocation) {
        let packfile = packfileNumber(location.packfile)
        guard
            let compact = BlobIndex.Location(
                type: location.blob.type.rawValue, mac: location.blob.mac, packfile: packfile,
                offset: location.offset, length: location.length)
        else { return }
        // The first record for a key wins: the same blob in the same packfile is one location.
        let isKnown =
            blobs.first(compact.type, compact.mac) { blobs.locations[$0].packfile == packfile ? true : nil } ?? false
        guard !isKnown else { return }
        if location.blob.type == .snapshot { noteSnapshot(location.blob.mac) }
        blobs.append(compact)
    }

    private mutating func noteSnapshot(_ mac: MAC) {
        let isKnown = blobs.first(BlobType.snapshot.rawValue, mac) { _ in true } ?? false
        if !isKnown { snapshotMACs.append(mac) }
    }

    private mutating func colour(_ record: ColouredRecord) {
        switch record.resource {
        case .snapshot:
            if colouredSnapshots[record.mac] == nil { colouredSnapshots[record.mac] = record.time }
        case .packfile:
            let number = Int(packfileNumber(record.mac))
            if packfiles[number].colouredAt == nil { packfiles[number].colouredAt = record.time }
        case .other:
            break
        }
    }

    /// Takes out the locations that stood before a delete record named them.
    private mutating func forget(_ deletes: [LocationDelete: Int]) {
        guard !deletes.isEmpty else { return }
        blobs.removeAll { number, location in
            let key = LocationDelete(
                blob: BlobID(BlobType(rawValue: location.type), location.mac), packfile: location.packfile)
            return deletes[key].map { number < $0 } ?? false
        }
    }

    private mutating func packfileNumber(_ mac: MAC) -> UInt32 {
        if let number = packfileNumbers[mac] { return number }
        let number = UInt32(truncatingIfNeeded: packfiles.count)
        packfiles.append(Packfile(mac: mac))
        packfileNumbers[mac] = number
        return number
    }
}

// MARK: In the cache

extension StateAggregate {
    func write(to writer: inout CacheWriter) throws {
        try writer.write(UInt64(mergedStates.count))
        for mac in mergedStates { try writer.write(mac) }
        try writer.write(UInt8(newestState == nil ? 0 : 1))
        if let newestState {
            try writer.write(newestState.mac)
            try writer.write(newestState.time)
            try newestState.serial.bytes.withUnsafeBytes { try writer.write($0) }
        }
        try writer.write(UInt64(packfiles.count))
        for packfile in packfiles {
            try writer.write(packfile.mac)
            try writer.write(
                UInt8((packfile.isKnown ? 1 : 0) | (packfile.isDeleted ? 2 : 0) | (packfile.colouredAt == nil ? 0 : 4)))
            try writer.write(packfile.colouredAt ?? 0)
        }
        try writer.write(UInt64(snapshotMACs.count))
        for mac in snapshotMACs { try writer.write(mac) }
        try writer.write(UInt64(colouredSnapshots.count))
        for (mac, time) in colouredSnapshots {
            try writer.write(mac)
            try writer.write(time)
        }
        try blobs.write(to: &writer)
    }

    init(_ reader: inout CacheReader) throws {
        for _ in 0..<(try reader.count(size: 32)) { mergedStates.insert(try reader.mac()) }
        if try reader.integer(UInt8.self) == 1 {
            let (mac, time) = (try reader.mac(), try reader.integer(Int64.self))
            guard let serial = RepositoryID(try reader.bytes(16)) else { throw CacheMiss() }
            newestState = (mac, time, serial)
        }
        for _ in 0..<(try reader.count(size: 41)) {
            var packfile = packfiles[Int(packfileNumber(try reader.mac()))]
            let flags: UInt8 = try reader.integer()
            let time: Int64 = try reader.integer()
            packfile.isKnown = flags & 1 != 0
            packfile.isDeleted = flags & 2 != 0
            packfile.colouredAt = flags & 4 != 0 ? time : nil
            packfiles[packfiles.count - 1] = packfile
        }
        for _ in 0..<(try reader.count(size: 32)) { snapshotMACs.append(try reader.mac()) }
        for _ in 0..<(try reader.count(size: 40)) {
            let mac = try reader.mac()
            colouredSnapshots[mac] = try reader.integer()
        }
        blobs = try BlobIndex(&reader, packfiles: packfiles.count)
    }
}
