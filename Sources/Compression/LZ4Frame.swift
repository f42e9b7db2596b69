internal import CLZ4

/// LZ4 frames: what Kloset stores write, and any legal frame to read (Kloset format, section 6.1).
package enum LZ4Frame {
    /// One frame as the Go engine writes it: independent blocks of 4 MiB, a checksum of the content, no size.
    /// Empty input gives a frame of 15 bytes without any block.
    package static func compress(_ input: [UInt8]) throws(CompressionError) -> [UInt8] {
        try compress(input.span)
    }

    /// See ``compress(_:)-([UInt8])``.
    package static func compress(_ input: Span<UInt8>) throws(CompressionError) -> [UInt8] {
        try input.withUnsafeBufferPointer { input throws(CompressionError) in
            try bytes(capacity: sizeBound(input.count)) { output throws(CompressionError) in write(input, to: output) }
        }
    }

    /// Appends the frame of `input` to a buffer that is used again and again; see ``compress(_:)-([UInt8])``.
    package static func compress(_ input: [UInt8], appendingTo output: inout [UInt8]) {
        input.withUnsafeBufferPointer { input in
            output.append(addingCapacity: sizeBound(input.count)) { span in
                span.withUnsafeMutableBufferPointer { buffer, count in
                    count += write(input, to: UnsafeMutableBufferPointer(rebasing: buffer[count...]))
                }
            }
        }
    }

    /// - Parameter output: has room for ``sizeBound(_:)``.
    /// - Returns: the bytes written.
    private static func write(
        _ input: UnsafeBufferPointer<UInt8>, to output: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        var writer = Writer(output: output)
        writer.append(littleEndian: 0x184D_2204)
        writer.append(littleEndian: 0x00B9_7064, bytes: 3)
        var offset = 0
        while offset < input.count {
            let size = min(largestBlock, input.count - offset)
            writer.appendBlock(UnsafeBufferPointer(rebasing: input[offset..<offset + size]))
            offset += size
        }
        writer.append(littleEndian: 0)
        writer.append(littleEndian: XXHash32.hash(input))
        return writer.count
    }

    /// Every block may turn out incompressible, and is then stored as it is.
    private static func sizeBound(_ count: Int) -> Int {
        15 + count + (count / largestBlock + 1) * 4
    }

    private static let largestBlock = 4 << 20

    private struct Writer {
        let output: UnsafeMutableBufferPointer<UInt8>
        var count = 0

        mutating func append(littleEndian word: UInt32, bytes: Int = 4) {
            var word = word
            for _ in 0..<bytes {
                output[count] = UInt8(truncatingIfNeeded: word)
                word >>= 8
                count += 1
            }
        }

        /// Appends one block of 1 byte to 4 MiB, raw when it would not get smaller.
        mutating func appendBlock(_ block: UnsafeBufferPointer<UInt8>) {
            let start = count + 4
            var size = 0
            if let target = output.baseAddress, let source = block.baseAddress {
                let room = min(block.count - 1, output.count - start)
                size = source.withMemoryRebound(to: CChar.self, capacity: block.count) { source in
                    (target + start).withMemoryRebound(to: CChar.self, capacity: room) { target in
                        Int(LZ4_compress_default(source, target, Int32(block.count), Int32(room)))
                    }
                }
            }
            if size > 0 {
                append(littleEndian: UInt32(size))
                count = start + size
            } else {
                append(littleEndian: UInt32(block.count) | LZ4FrameReader.rawBlock)
                _ = UnsafeMutableBufferPointer(rebasing: output[start...]).update(fromContentsOf: block)
                count = start + block.count
            }
        }
    }

    /// Decodes exactly one frame, which must fill `input`.
    ///
    /// - Parameters:
    ///   - limit: the most bytes of content to return; more is an error, found before anything is allocated.
    ///   - verifyingChecksum: false when something else has already made sure that the frame is as it was written: the
    ///     checksum of the content is then not compared.
    package static func decompress(
        _ input: [UInt8], limit: Int, verifyingChecksum: Bool = true
    ) throws(CompressionError) -> [UInt8] {
        try decompress(input.span, limit: limit, verifyingChecksum: verifyingChecksum)
    }

    /// Puts the content in place of what `output` holds, which is used again and again; see
    /// ``decompress(_:limit:verifyingChecksum:)-([UInt8],_,_)``.
    package static func decompress(
        _ input: [UInt8], limit: Int, verifyingChecksum: Bool = true, into output: inout [UInt8]
    ) throws(CompressionError) {
        output.removeAll(keepingCapacity: true)
        try input.withUnsafeBufferPointer { input throws(CompressionError) in
            let reader = try LZ4FrameReader(input)
            let size = try reader.contentSize(limit: limit)
            try output.append(addingCapacity: size) { span throws(CompressionError) in
                try span.withUnsafeMutableBufferPointer { buffer, count throws(CompressionError) in
                    try reader.decode(
                        into: UnsafeMutableBufferPointer(rebasing: buffer[count..<count + size]),
                        verifyingChecksum: verifyingChecksum)
                    count += size
                }
            }
        }
    }

    /// See ``decompress(_:limit:verifyingChecksum:)-([UInt8],_,_)``.
    package static func decompress(
        _ input: Span<UInt8>, limit: Int, verifyingChecksum: Bool = true
    ) throws(CompressionError) -> [UInt8] {
        try input.withUnsafeBufferPointer { input throws(CompressionError) in
            // The first pass only measures, so that the second can allocate the exact size once.
            let reader = try LZ4FrameReader(input)
            let size = try reader.contentSize(limit: limit)
            return try bytes(capacity: size) { output throws(CompressionError) in
                try reader.decode(into: output, verifyingChecksum: verifyingChecksum)
                return size
            }
        }
    }
}
