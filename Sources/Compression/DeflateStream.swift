internal import CZlib

/// Deflate for content that comes piece by piece and is never held as a whole (RFC 1951), plain or as a gzip member
/// (RFC 1952). libdeflate, which is faster, has no streams.
package final class DeflateStream {
    package enum Format: Sendable {
        case raw
        case gzip
    }

    private var stream = z_stream()
    private static let outputSize = 64 << 10

    /// - Parameter level: 1 (fastest) ... 9 (smallest).
    package init(_ format: Format, level: Int = 6) throws(CompressionError) {
        // The window of 32 KiB; negative for no frame, 16 more for that of gzip.
        let window: Int32 = format == .raw ? -15 : 15 + 16
        let status = deflateInit2_(
            &stream, Int32(min(max(level, 1), 9)), Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw CompressionError(.outOfMemory, "no memory for a compressor") }
    }

    deinit { deflateEnd(&stream) }

    /// - Returns: what is ready by now, which may be nothing.
    package func append(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        // zlib counts in 32 bits.
        var start = 0
        while start < bytes.count {
            let end = min(start + (1 << 30), bytes.count)
            result += run(bytes[start..<end], flush: Z_NO_FLUSH)
            start = end
        }
        return result
    }

    /// Ends the stream.
    package func finish() -> [UInt8] { run([], flush: Z_FINISH) }

    private func run(_ bytes: ArraySlice<UInt8>, flush: Int32) -> [UInt8] {
        var result: [UInt8] = []
        var input = Array(bytes)
        input.withUnsafeMutableBufferPointer { buffer in
            stream.next_in = buffer.baseAddress
            stream.avail_in = UInt32(buffer.count)
            var isDone = false
            while !isDone {
                let piece = [UInt8](unsafeUninitializedCapacity: Self.outputSize) { output, initialized in
                    stream.next_out = output.baseAddress
                    stream.avail_out = UInt32(output.count)
                    let status = deflate(&stream, flush)
                    initialized = output.count - Int(stream.avail_out)
                    // A full buffer means that there may be more.
                    isDone = flush == Z_FINISH ? status == Z_STREAM_END : stream.avail_out > 0
                    // Never with valid arguments; without this it could go on for ever.
                    if status != Z_OK, status != Z_BUF_ERROR { isDone = true }
                }
                result += piece
            }
            stream.next_in = nil
        }
        return result
    }
}

/// The checksum of gzip and zip.
package struct CRC32: Sendable {
    package private(set) var value: UInt32 = 0

    package init() {}

    package mutating func update(_ bytes: [UInt8]) {
        value = UInt32(
            truncatingIfNeeded: bytes.withUnsafeBufferPointer {
                crc32_z(UInt(value), $0.baseAddress, $0.count)
            })
    }
}
