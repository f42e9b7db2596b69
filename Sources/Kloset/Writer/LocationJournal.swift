import ConnectorKit
import KlosetFormat
import Synchronization

/// Where the blobs of a snapshot went, for its state. Kept outside of memory: nobody looks anything up in it.
final class LocationJournal: Sendable {
    private struct State {
        var packfiles: [MAC] = []
        var writer: RecordWriter
        /// The record that is being made: type and identifier, then the place.
        var scratch: [UInt8] = []

        mutating func record() throws {
            try scratch.withUnsafeBytes { bytes in
                try writer.append(
                    UnsafeRawBufferPointer(rebasing: bytes[..<33]), UnsafeRawBufferPointer(rebasing: bytes[33...]))
            }
        }
    }

    private let names: PackfileNames
    private let state: Mutex<State>

    init(_ names: PackfileNames, _ space: SpillSpace) {
        self.names = names
        state = Mutex(State(writer: RecordWriter(space)))
    }

    /// Begins a packfile.
    ///
    /// - Returns: the number by which locations call it, and its name.
    func addPackfile() throws -> (number: UInt32, name: MAC) {
        try state.withLock { state in
            let name = names.name(state.packfiles.count)
            guard let number = UInt32(exactly: state.packfiles.count) else {
                throw KlosetError(.limitExceeded, "The snapshot has too many packfiles.")
            }
            state.packfiles.append(name)
            return (number, name)
        }
    }

    func add(_ id: BlobID, packfile: UInt32, offset: UInt64, length: UInt32) throws {
        try state.withLock { state in
            state.scratch.removeAll(keepingCapacity: true)
            state.scratch.append(id.type.rawValue)
            id.mac.append(to: &state.scratch)
            withUnsafeBytes(of: (offset, packfile, length)) { state.scratch.append(contentsOf: $0) }
            try state.record()
        }
    }

    /// The packfiles that were begun.
    var packfiles: [MAC] { state.withLock { $0.packfiles } }

    /// What was noted, once nothing more comes.
    func finish() throws -> Written {
        try state.withLock { Written(packfiles: $0.packfiles, run: try $0.writer.finish()) }
    }

    /// What the state of a snapshot has to say: every packfile, every blob, every padding.
    struct Written: Sendable {
        let packfiles: [MAC]
        fileprivate let run: RecordRun

        /// How many locations there are.
        var count: Int { run.count }

        /// The locations, in the order in which blobs were stored.
        func makeReader() -> Reader { Reader(packfiles: packfiles, records: run.makeReader()) }
    }

    struct Reader: Sendable {
        fileprivate let packfiles: [MAC]
        fileprivate var records: RecordReader

        mutating func next() throws -> BlobLocation? {
            guard let record = try records.next() else { return nil }
            let (offset, number, length) = record.payload.withUnsafeBytes {
                (
                    $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                    $0.loadUnaligned(fromByteOffset: 8, as: UInt32.self),
                    $0.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
                )
            }
            guard let type = record.key.first, let mac = MAC(record.key.dropFirst()), Int(number) < packfiles.count
            else { return nil }
            return BlobLocation(
                blob: BlobID(BlobType(rawValue: type), mac), packfile: packfiles[Int(number)], offset: offset,
                length: length)
        }
    }
}
