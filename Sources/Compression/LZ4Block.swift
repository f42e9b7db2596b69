internal import CLZ4

/// One compressed block of an LZ4 frame.
enum LZ4Block {
    /// Adds up the lengths in a block without decoding it. What it returns is right for a sound block; a damaged one
    /// is refused here or by ``decode(_:into:history:limit:)``.
    ///
    /// - Parameter limit: the most that a block of this frame may hold.
    static func contentSize(_ block: UnsafeBufferPointer<UInt8>, limit: Int) throws(CompressionError) -> Int {
        var size = 0
        var offset = 0
        while true {
            guard offset < block.count else { throw damaged }
            let token = block[offset]
            offset += 1
            let literals = try length(Int(token >> 4), block, &offset)
            guard literals <= block.count - offset else { throw damaged }
            offset += literals
            size += literals
            // The last sequence has no match.
            if offset == block.count {
                guard size <= limit else { throw damaged }
                return size
            }
            offset += 2
            guard offset <= block.count else { throw damaged }
            size += try length(Int(token & 15), block, &offset) + 4
            guard size <= limit else { throw damaged }
        }
    }

    /// A length that begins with four bits of the token and goes on with bytes as long as they are 255.
    @inline(__always)
    private static func length(
        _ start: Int, _ block: UnsafeBufferPointer<UInt8>, _ offset: inout Int
    ) throws(CompressionError) -> Int {
        guard start == 15 else { return start }
        var length = start
        while true {
            guard offset < block.count else { throw damaged }
            let byte = block[offset]
            offset += 1
            length += Int(byte)
            if byte != 255 { return length }
        }
    }

    /// Decodes a block behind the `history` bytes of earlier content that lie at the beginning of `output`.
    ///
    /// - Returns: how many bytes it has written.
    static func decode(
        _ block: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>, history: Int, limit: Int
    ) throws(CompressionError) -> Int {
        let room = min(output.count - history, limit)
        // A block of no content may come with an output of no bytes, which has no address.
        guard let source = block.baseAddress, let start = output.baseAddress else {
            guard block.count == 1, block[0] == 0 else { throw damaged }
            return 0
        }
        let written = source.withMemoryRebound(to: CChar.self, capacity: block.count) { source in
            start.withMemoryRebound(to: CChar.self, capacity: output.count) { start in
                LZ4_decompress_safe_usingDict(
                    source, start + history, Int32(block.count), Int32(room), start, Int32(history))
            }
        }
        guard written >= 0 else { throw damaged }
        return Int(written)
    }

    private static var damaged: CompressionError { CompressionError(.corrupt, "LZ4 frame: a block is damaged") }
}
