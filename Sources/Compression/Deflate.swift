internal import CDeflate
internal import Synchronization

/// Compressors of libdeflate, kept for reuse: each is several hundred KiB, which is slow to get anew for every
/// small git object.
enum DeflateCompressor {
    /// Idle compressors by level, as addresses: a pointer may not cross from one task to another, but what lies in
    /// here is owned by nobody else.
    private static let idle = Mutex<[Int: [UInt]]>([:])
    private static let mostIdle = 4

    static func withCompressor<Result>(
        level: Int, _ body: (OpaquePointer) throws(CompressionError) -> Result
    ) throws(CompressionError) -> Result {
        let level = min(max(level, 0), 12)
        let reused = idle.withLock { $0[level]?.popLast() }
        guard
            let compressor = reused.flatMap(OpaquePointer.init(bitPattern:))
                ?? libdeflate_alloc_compressor(Int32(level))
        else { throw CompressionError(.outOfMemory, "no memory for a compressor") }
        defer {
            let isKept = idle.withLock { idle in
                guard idle[level, default: []].count < mostIdle else { return false }
                idle[level, default: []].append(UInt(bitPattern: compressor))
                return true
            }
            if !isKept { libdeflate_free_compressor(compressor) }
        }
        return try body(compressor)
    }
}

enum DeflateDecompressor {
    /// `libdeflate_zlib_decompress_ex` or one of its sisters.
    typealias Function = (
        OpaquePointer?, UnsafeRawPointer?, Int, UnsafeMutableRawPointer?, Int, UnsafeMutablePointer<Int>?,
        UnsafeMutablePointer<Int>?
    ) -> libdeflate_result

    /// Decodes the stream at the beginning of `input`; see ``growing(_:hint:inputCount:limit:_:)``.
    static func inflate(
        _ input: Span<UInt8>, name: String, hint: Int, limit: Int, using function: Function
    ) throws(CompressionError) -> (bytes: [UInt8], consumed: Int) {
        guard let decompressor = libdeflate_alloc_decompressor() else {
            throw CompressionError(.outOfMemory, "no memory for a decompressor")
        }
        defer { libdeflate_free_decompressor(decompressor) }
        return try input.withUnsafeBufferPointer { input throws(CompressionError) in
            try growing(name, hint: hint, inputCount: input.count, limit: limit) { output throws(CompressionError) in
                var consumed = 0
                var written = 0
                let result = function(
                    decompressor, input.baseAddress, input.count, output.baseAddress, output.count, &consumed, &written)
                switch result {
                case LIBDEFLATE_SUCCESS: return .done(written: written, consumed: consumed)
                case LIBDEFLATE_INSUFFICIENT_SPACE: return .outputTooSmall
                default: throw CompressionError(.corrupt, "\(name): the stream is damaged or ends too early")
                }
            }
        }
    }
}
