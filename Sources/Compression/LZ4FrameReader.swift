internal import CLZ4

/// One pass over the parts of an LZ4 frame (LZ4 frame format 1.6.1): the header at once, then the blocks as often
/// as wanted.
struct LZ4FrameReader {
    /// Set in the size of a block that is stored as it is.
    static let rawBlock: UInt32 = 0x8000_0000

    private let input: UnsafeBufferPointer<UInt8>
    private let flags: Flags
    private let largestBlock: Int
    private let declaredSize: UInt64?
    /// Where the first block begins.
    private let firstBlock: Int

    private struct Flags: OptionSet {
        let rawValue: UInt8
        static let dictionary = Flags(rawValue: 0x01)
        static let reserved = Flags(rawValue: 0x02)
        static let contentChecksum = Flags(rawValue: 0x04)
        static let contentSize = Flags(rawValue: 0x08)
        static let blockChecksums = Flags(rawValue: 0x10)
        static let independentBlocks = Flags(rawValue: 0x20)
    }

    init(_ input: UnsafeBufferPointer<UInt8>) throws(CompressionError) {
        self.input = input
        guard try word(input, 0) == 0x184D_2204 else { throw corrupt("does not begin with the magic number") }
        guard input.count >= 6 else { throw truncated("in the header") }
        let flags = Flags(rawValue: input[4])
        let blocks = input[5]
        guard input[4] >> 6 == 1, !flags.contains(.reserved) else { throw corrupt("unknown version or flags") }
        guard !flags.contains(.dictionary) else {
            throw CompressionError(.unsupported, "LZ4 frame: needs a dictionary, which is not supported")
        }
        guard blocks & 0x8F == 0, (4...7).contains(blocks >> 4) else { throw corrupt("unknown block size") }
        self.flags = flags
        largestBlock = 1 << (8 + 2 * Int(blocks >> 4))

        var end = 6
        if flags.contains(.contentSize) {
            declaredSize = UInt64(try word(input, 6)) | UInt64(try word(input, 10)) << 32
            end = 14
        } else {
            declaredSize = nil
        }
        guard end < input.count else { throw truncated("in the header") }
        if input[4] == 0x64, input[5] == 0x70 {
            // What every Kloset writer writes; its checksum is known.
            guard input[end] == 0xB9 else { throw corrupt("wrong header checksum") }
        } else {
            let checksum = XXHash32.hash(UnsafeBufferPointer(rebasing: input[4..<end]))
            guard input[end] == UInt8(truncatingIfNeeded: checksum >> 8) else { throw corrupt("wrong header checksum") }
        }
        firstBlock = end + 1
    }

    /// Walks the frame without decoding it.
    ///
    /// - Returns: the exact size of the content, unless the frame is damaged.
    func contentSize(limit: Int) throws(CompressionError) -> Int {
        var size = 0
        let end = try forEachBlock { (block, isRaw) throws(CompressionError) in
            let blockSize = isRaw ? block.count : try LZ4Block.contentSize(block, limit: largestBlock)
            guard blockSize <= limit - size else {
                throw CompressionError(
                    .limitExceeded, "LZ4 frame: the content is larger than the \(limit) bytes allowed")
            }
            size += blockSize
        }
        if let declaredSize, declaredSize != UInt64(size) { throw corrupt("the content has not the size declared") }
        let trailer = flags.contains(.contentChecksum) ? 4 : 0
        guard input.count >= end + trailer else { throw truncated("in the content checksum") }
        guard input.count == end + trailer else {
            throw corrupt("\(input.count - end - trailer) bytes follow the end of the frame")
        }
        return size
    }

    /// - Parameter output: exactly as long as ``contentSize(limit:)`` says.
    func decode(
        into output: UnsafeMutableBufferPointer<UInt8>, verifyingChecksum: Bool
    ) throws(CompressionError) {
        var written = 0
        let end = try forEachBlock { (block, isRaw) throws(CompressionError) in
            if isRaw {
                _ = UnsafeMutableBufferPointer(rebasing: output[written...]).update(fromContentsOf: block)
                written += block.count
            } else {
                let history = flags.contains(.independentBlocks) ? 0 : min(written, 64 << 10)
                written += try LZ4Block.decode(
                    block, into: UnsafeMutableBufferPointer(rebasing: output[(written - history)...]),
                    history: history, limit: largestBlock)
            }
        }
        guard written == output.count else { throw corrupt("the blocks disagree about the size of the content") }
        if verifyingChecksum, flags.contains(.contentChecksum) {
            guard try word(input, end) == XXHash32.hash(UnsafeBufferPointer(output)) else {
                throw corrupt("wrong content checksum")
            }
        }
    }

    /// - Returns: the offset after the end mark.
    private func forEachBlock(
        _ body: (_ block: UnsafeBufferPointer<UInt8>, _ isRaw: Bool) throws(CompressionError) -> Void
    ) throws(CompressionError) -> Int {
        var offset = firstBlock
        while true {
            let header = try word(input, offset)
            offset += 4
            if header == 0 { return offset }
            let size = Int(header & ~Self.rawBlock)
            guard size <= largestBlock else { throw corrupt("a block is larger than the header allows") }
            guard size <= input.count - offset else { throw truncated("in a block") }
            let block = UnsafeBufferPointer(rebasing: input[offset..<offset + size])
            offset += size
            if flags.contains(.blockChecksums) {
                guard try word(input, offset) == XXHash32.hash(block) else { throw corrupt("wrong block checksum") }
                offset += 4
            }
            try body(block, header & Self.rawBlock != 0)
        }
    }
}

private func corrupt(_ what: String) -> CompressionError { CompressionError(.corrupt, "LZ4 frame: \(what)") }
private func truncated(_ where: String) -> CompressionError {
    CompressionError(.truncated, "LZ4 frame: ends \(`where`)")
}

/// A little-endian word.
private func word(_ input: UnsafeBufferPointer<UInt8>, _ offset: Int) throws(CompressionError) -> UInt32 {
    guard input.count >= 4, offset <= input.count - 4 else { throw truncated("where a word was expected") }
    return UInt32(
        littleEndian: UnsafeRawBufferPointer(input).loadUnaligned(fromByteOffset: offset, as: UInt32.self))
}
