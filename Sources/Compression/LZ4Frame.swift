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
            try bytes(capacity: sizeBound(input.count)) { output throws(CompressionError) in
                var writer = Writer(output: output)
                writer.append([0x04, 0x22, 0x4D, 0x18, 0x64, 0x70, 0xB9])
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
        }
    }

    /// Every block may turn out incompressible, and is then stored as it is.
    private static func sizeBound(_ count: Int) -> Int {
        15 + count + (count / largestBlock + 1) * 4
    }

    private static let largestBlock = 4 << 20

    private struct Writer {
        let output: UnsafeMutableBufferPointer<UInt8>
        var count = 0

        mutating func append(_ bytes: [UInt8]) {
            for byte in bytes {
                output[count] = byte
                count += 1
            }
        }

        mutating func append(littleEndian word: UInt32) {
            for shift in [0, 8, 16, 24] as [UInt32] {
                output[count] = UInt8(truncatingIfNeeded: word >> shift)
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
    /// - Parameter limit: the most bytes of content to return; more is an error, found before anything is allocated.
    package static func decompress(_ input: [UInt8], limit: Int) throws(CompressionError) -> [UInt8] {
        try decompress(input.span, limit: limit)
    }

    /// See ``decompress(_:limit:)-([UInt8],_)``.
    package static func decompress(_ input: Span<UInt8>, limit: Int) throws(CompressionError) -> [UInt8] {
        try input.withUnsafeBufferPointer { input throws(CompressionError) in
            // The first pass only measures, so that the second can allocate the exact size once.
            let reader = try LZ4FrameReader(input)
            let size = try reader.contentSize(limit: limit)
            return try bytes(capacity: size) { output throws(CompressionError) in
                try reader.decode(into: output)
                return size
            }
        }
    }
}
