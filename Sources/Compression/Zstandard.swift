internal import CZstd

/// Zstandard frames (RFC 8878) as Kloset writes them: empty content is no frame at all.
package enum Zstandard {
    /// One frame with a checksum; nothing for empty input.
    ///
    /// - Parameter level: 1 (fastest) ... 19.
    package static func compress(_ input: [UInt8], level: Int = 3) throws(CompressionError) -> [UInt8] {
        guard !input.isEmpty else { return [] }
        guard let context = ZSTD_createCCtx() else {
            throw CompressionError(.outOfMemory, "no memory for a compressor")
        }
        defer { ZSTD_freeCCtx(context) }
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(min(max(level, 1), 19)))
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        return try bytes(capacity: ZSTD_compressBound(input.count)) { output throws(CompressionError) in
            let size = input.withUnsafeBytes {
                ZSTD_compress2(context, output.baseAddress, output.count, $0.baseAddress, $0.count)
            }
            guard ZSTD_isError(size) == 0 else { throw failure(size) }
            return size
        }
    }

    /// Decodes all frames of `input`; empty input is empty content.
    ///
    /// - Parameter limit: the most bytes of content to return; more is an error.
    package static func decompress(_ input: [UInt8], limit: Int) throws(CompressionError) -> [UInt8] {
        guard !input.isEmpty else { return [] }
        // In one call the output itself is the window, so a frame cannot make the library allocate one.
        guard let context = ZSTD_createDCtx() else {
            throw CompressionError(.outOfMemory, "no memory for a decompressor")
        }
        defer { ZSTD_freeDCtx(context) }
        let claimed = input.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
        return try growing(
            "zstd", hint: Int(exactly: claimed) ?? 0, inputCount: input.count, limit: limit
        ) { output throws(CompressionError) in
            let size = input.withUnsafeBytes {
                ZSTD_decompressDCtx(context, output.baseAddress, output.count, $0.baseAddress, $0.count)
            }
            if ZSTD_isError(size) == 0 { return .done(written: size, consumed: input.count) }
            if ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall { return .outputTooSmall }
            throw failure(size)
        }.bytes
    }

    private static func failure(_ code: Int) -> CompressionError {
        let name = String(cString: ZSTD_getErrorName(code))
        switch ZSTD_getErrorCode(code) {
        case ZSTD_error_srcSize_wrong: return CompressionError(.truncated, "zstd: \(name)")
        case ZSTD_error_memory_allocation: return CompressionError(.outOfMemory, "zstd: \(name)")
        case ZSTD_error_dictionary_wrong: return CompressionError(.unsupported, "zstd: \(name)")
        default: return CompressionError(.corrupt, "zstd: \(name)")
        }
    }
}
