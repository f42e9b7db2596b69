public import ConnectorKit
import KlosetFormat

/// A `.ptar` archive while it is made (format, section 11): takes what the writers of snapshots store, and puts it into
/// one packfile and one state at last.
///
/// ```swift
/// let writer = PtarWriter(path: "/tmp/calendars.ptar")
/// let repository = try await writer.create(options, passphrase: nil)
/// // make or copy snapshots
/// try await writer.finish()
/// ```
///
/// The blobs of the packfiles that come are stored as they are, without their padding; what was stored can be read
/// meanwhile. There is no file until ``finish(replacing:)``.
public actor PtarWriter: Store {
    public nonisolated let path: String
    private var file: StagedFile?
    private var keys: RepositoryKeys?
    private var identifier = RepositoryID.zero
    private var configuration: [UInt8] = []
    /// Where the packfile begins.
    private var packfileStart: UInt64 = 0
    /// Every blob, with its offset in the data of the archive's packfile.
    private var index = BlobIndex()
    /// States that writers published, and which blobs came before each.
    private var states: [(name: MAC, blobs: Range<Int>)] = []
    /// By which the archive's state calls the packfile; readers do not look at it.
    private let packfile = MAC.random()

    public init(path: String) { self.path = path }

    /// Makes the repository that the snapshots go into.
    ///
    /// - Throws: what ``Repository/create(in:_:passphrase:)`` throws.
    public func create(_ options: RepositoryOptions, passphrase: [UInt8]?) async throws -> Repository {
        var options = options
        options.packfile = .ptar
        let repository = try await Repository.create(in: self, options, passphrase: passphrase)
        // Nobody else knows of the file.
        repository.workWithoutLocks()
        keys = repository.keys
        identifier = repository.identifier
        return repository
    }

    // MARK: Store

    public nonisolated var location: String { path }
    public nonisolated var mode: StoreMode { [.readable, .writable] }

    public func create(configuration: [UInt8]) throws {
        guard file == nil else { throw ConnectorError(.alreadyExists, "\(path) is being written already.") }
        guard configuration.count <= PtarTrailer.maximumConfigurationSize else {
            throw ConnectorError(.limitExceeded, "The configuration has \(configuration.count) bytes.")
        }
        let file = try StagedFile(path: path, permissions: 0o600)
        try file.append(PtarTrailer.header + configuration)
        packfileStart = file.size
        try file.append(WrapperHeader(type: .packfile, version: .v1_0_0).encoded())
        self.file = file
        self.configuration = configuration
    }

    public func open() throws -> [UInt8] { configuration }

    public func list(_ resource: StoreResource) -> [MAC] {
        switch resource {
        case .packfile: index.locations.isEmpty ? [] : [packfile]
        case .state: states.map(\.name)
        case .lock: []
        }
    }

    public func put(_ resource: StoreResource, _ mac: MAC, _ bytes: [UInt8]) throws {
        switch resource {
        case .packfile: try take(packfile: bytes)
        // What it says is what was put before it.
        case .state: states.append((mac, (states.last?.blobs.upperBound ?? 0)..<index.locations.count))
        case .lock: break
        }
    }

    public func get(_ resource: StoreResource, _ mac: MAC, range: Range<UInt64>?) throws -> [UInt8] {
        let (file, keys) = try parts()
        switch resource {
        case .packfile where mac == packfile:
            let range = range ?? 0..<file.size - packfileStart
            return try file.read(packfileStart + range.lowerBound..<packfileStart + range.upperBound)
        case .state:
            guard range == nil, let state = states.first(where: { $0.name == mac }) else { break }
            let payload = self.state(of: state.blobs)
            return Wrapper.seal(.state, .v1_1_0, try keys.codec.encode(payload)) { keys.mac($0) }
        default: break
        }
        throw ConnectorError(.notFound, "The archive \(path) holds no \(resource) \(mac).")
    }

    public func delete(_ resource: StoreResource, _ mac: MAC) throws {
        guard resource == .lock else { throw ConnectorError(.unsupported, "Nothing is removed from an archive.") }
    }

    /// Gives the archive up, unless it is finished.
    public func close() {
        file?.discard()
        file = nil
    }

    // MARK: Contents

    private func parts() throws -> (StagedFile, RepositoryKeys) {
        guard let file, let keys else {
            throw ConnectorError(.unsupported, "The archive \(path) is finished or was not begun.")
        }
        return (file, keys)
    }

    /// Appends the blobs of a packfile that one of our writers has made.
    private func take(packfile bytes: [UInt8]) throws {
        let (file, keys) = try parts()
        for record in try WholePackfile(verifying: bytes, keys).records where record.blob.type != .padding {
            let start = Int(PackfileLayout.dataOffset + record.offset)
            let offset = file.size - packfileStart - PackfileLayout.dataOffset
            guard
                let location = BlobIndex.Location(
                    type: record.blob.type.rawValue, mac: record.blob.mac, packfile: 0, offset: offset,
                    length: record.length)
            else { throw KlosetError(.limitExceeded, "The archive is too large.") }
            try file.append(Array(bytes[start..<start + Int(record.length)]))
            index.append(location)
        }
    }

    private func state(of blobs: Range<Int>) -> [UInt8] {
        state(index.locations[blobs], named: .random(), time: Timestamp.now().nanosecondsSince1970)
    }

    private func state(_ blobs: some Sequence<BlobIndex.Location>, named name: MAC, time: Int64) -> [UInt8] {
        var state = StateWriter(parent: .zero)
        for blob in blobs {
            state.add(
                BlobLocation(
                    blob: BlobID(BlobType(rawValue: blob.type), blob.mac), packfile: packfile, offset: blob.offset,
                    length: blob.length))
        }
        state.add(PackfileRecord(packfile: packfile, state: name, time: time))
        return state.finish(timestamp: time, serial: identifier)
    }

    // MARK: The end

    /// Writes index, footer, state and trailer, makes all of it durable, and gives the file its name.
    ///
    /// - Parameter replacing: whether a file of that name gives way.
    /// - Throws: when nothing was written: then there is no file.
    public func finish(replacing: Bool = false) throws {
        let (file, keys) = try parts()
        let sorted = sortedIndex()
        try finishPackfile(file, keys, sorted)
        let stateStart = file.size
        let payload = state(
            sorted.lazy.map { [index] in index.locations[Int($0)] }, named: .random(),
            time: Timestamp.now().nanosecondsSince1970)
        try file.append(Wrapper.seal(.state, .v1_1_0, try keys.codec.encode(payload)) { keys.mac($0) })
        let trailer = PtarTrailer(
            configuration: UInt64(PtarTrailer.header.count)..<packfileStart, packfile: packfileStart..<stateStart,
            state: stateStart..<file.size)
        try file.append(trailer.encoded())
        try Task.checkCancellation()
        try file.publish(replacing: replacing)
        self.file = nil
    }

    /// The engine's order: by the number of the type as text, then by identifier.
    private func sortedIndex() -> [UInt32] {
        let names = (0...255).map { Array(String($0).utf8) }
        return index.locations.indices.map { UInt32($0) }.sorted { a, b in
            let (left, right) = (index.locations[Int(a)], index.locations[Int(b)])
            if left.type == right.type { return left.mac < right.mac }
            return names[Int(left.type)].lexicographicallyPrecedes(names[Int(right.type)])
        }
    }

    private func finishPackfile(_ file: StagedFile, _ keys: RepositoryKeys, _ sorted: [UInt32]) throws {
        let dataSize = file.size - packfileStart - PackfileLayout.dataOffset
        let records = PackfileIndex.encode(
            sorted.map { number in
                let blob = index.locations[Int(number)]
                return PackfileIndexRecord(
                    blob: BlobID(BlobType(rawValue: blob.type), blob.mac), offset: blob.offset, length: blob.length)
            })
        let footer = PackfileFooter(
            timestamp: 0, count: UInt32(clamping: sorted.count), indexOffset: dataSize, indexMAC: keys.mac(records))
        try file.append(
            PackfileLayout.end(index: try keys.codec.encode(records), footer: try keys.codec.encode(footer.encoded())))
        // Over all of it, which is read again: only now is it known that it ends here.
        var stream = StoreMAC.Stream(keys.mac)
        var position = packfileStart
        while position < file.size {
            let end = min(position + (4 << 20), file.size)
            stream.update(try file.read(position..<end)[...])
            position = end
        }
        try file.append(stream.finalize().bytes)
    }
}
