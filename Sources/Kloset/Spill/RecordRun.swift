/// Records in the order they were appended, to be read once or more from either end.
struct RecordRun: Sendable {
    fileprivate(set) var blocks: [SpillSpace.Block] = []
    fileprivate(set) var count = 0
    fileprivate let space: SpillSpace

    init(_ space: SpillSpace) { self.space = space }

    func makeReader(backwards: Bool = false) -> RecordReader { RecordReader(self, space, backwards: backwards) }
}

/// Makes a run. A record is a key and a payload; each is preceded by its length.
struct RecordWriter: Sendable {
    private(set) var run: RecordRun
    private let space: SpillSpace
    private var block: [UInt8] = []

    /// Bytes of a block; a record that has more is a block by itself.
    private static let blockSize = 64 << 10

    init(_ space: SpillSpace) {
        self.space = space
        run = RecordRun(space)
    }

    mutating func append(_ key: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) throws {
        guard let keyLength = UInt32(exactly: key.count), let payloadLength = UInt32(exactly: payload.count) else {
            throw KlosetError(.limitExceeded, "A record has more than 4 GiB.")
        }
        let needed = 8 + key.count + payload.count
        if block.count + needed > Self.blockSize {
            try flush()
            block.reserveCapacity(max(Self.blockSize, needed))
        }
        withUnsafeBytes(of: (keyLength, payloadLength)) { block.append(contentsOf: $0) }
        block.append(contentsOf: key)
        block.append(contentsOf: payload)
        run.count += 1
    }

    mutating func append(_ key: [UInt8], _ payload: [UInt8]) throws {
        try key.withUnsafeBytes { key throws in
            try payload.withUnsafeBytes { payload throws in try append(key, payload) }
        }
    }

    mutating func finish() throws -> RecordRun {
        try flush()
        return run
    }

    private mutating func flush() throws {
        guard !block.isEmpty else { return }
        run.blocks.append(try space.store(block))
        // Not kept: the space may hold it now, and keeping the room would make a copy of it.
        block = []
    }
}

/// One key with its payload.
package struct SpillRecord: Sendable {
    /// The block that the record is in.
    fileprivate let bytes: [UInt8]
    fileprivate let start: Int
    fileprivate let middle: Int
    fileprivate let end: Int

    package var key: ArraySlice<UInt8> { bytes[start..<middle] }
    package var payload: ArraySlice<UInt8> { bytes[middle..<end] }

    init(_ bytes: [UInt8], key: Range<Int>, payload: Range<Int>) {
        self.bytes = bytes
        start = key.lowerBound
        middle = key.upperBound
        end = payload.upperBound
    }

    func hasSameKey(as other: SpillRecord) -> Bool {
        withKey { left in other.withKey { right in left.count == right.count && left.elementsEqual(right) } }
    }

    func withKey<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<middle])) }
    }
}

/// Records one after the other.
protocol RecordSource: Sendable {
    mutating func next() throws -> SpillRecord?
}

/// Reads a run block by block.
struct RecordReader: RecordSource {
    private let blocks: [SpillSpace.Block]
    private let space: SpillSpace
    private let isBackwards: Bool
    private var nextBlock = 0
    private var bytes: [UInt8] = []
    /// Where the records of the current block begin, the next one last.
    private var starts: [Int] = []

    fileprivate init(_ run: RecordRun, _ space: SpillSpace, backwards: Bool) {
        blocks = run.blocks
        self.space = space
        isBackwards = backwards
    }

    mutating func next() throws -> SpillRecord? {
        if starts.isEmpty {
            guard nextBlock < blocks.count else { return nil }
            bytes = try space.load(blocks[isBackwards ? blocks.count - 1 - nextBlock : nextBlock])
            nextBlock += 1
            var position = 0
            while position < bytes.count {
                starts.append(position)
                let (key, payload) = lengths(position)
                position += 8 + key + payload
            }
            if !isBackwards { starts.reverse() }
        }
        guard let start = starts.popLast() else { return nil }
        let (key, payload) = lengths(start)
        let middle = start + 8 + key
        return SpillRecord(bytes, key: start + 8..<middle, payload: middle..<middle + payload)
    }

    private func lengths(_ position: Int) -> (Int, Int) {
        bytes.withUnsafeBytes {
            (
                Int($0.loadUnaligned(fromByteOffset: position, as: UInt32.self)),
                Int($0.loadUnaligned(fromByteOffset: position + 4, as: UInt32.self))
            )
        }
    }
}
