internal import CDeflate

/// zlib streams (RFC 1950), as git objects are stored.
package enum Zlib {
    /// - Parameter level: 0 (stored) ... 12 (smallest); 1 is the fastest that compresses.
    package static func compress(_ input: [UInt8], level: Int = 6) throws(CompressionError) -> [UInt8] {
        try DeflateCompressor.withCompressor(level: level) { compressor throws(CompressionError) in
            try bytes(capacity: libdeflate_zlib_compress_bound(compressor, input.count)) { output in
                input.withUnsafeBytes {
                    libdeflate_zlib_compress(compressor, $0.baseAddress, $0.count, output.baseAddress, output.count)
                }
            }
        }
    }

    /// Decodes exactly one stream, which must fill `input`.
    ///
    /// - Parameter limit: the most bytes of content to return; more is an error.
    package static func decompress(_ input: [UInt8], limit: Int) throws(CompressionError) -> [UInt8] {
        let (result, consumed) = try DeflateDecompressor.inflate(
            input.span, name: "zlib", hint: 0, limit: limit, using: libdeflate_zlib_decompress_ex)
        guard consumed == input.count else {
            throw CompressionError(.corrupt, "zlib: \(input.count - consumed) bytes follow the end of the stream")
        }
        return result
    }

    /// Decodes the stream that begins at `offset` and may be followed by anything, as in a git pack.
    ///
    /// - Parameter size: the exact size of the content; a stream with less or more is an error.
    /// - Returns: the content, and how many bytes the stream takes.
    package static func decompress(
        prefixOf input: [UInt8], at offset: Int, size: Int
    ) throws(CompressionError) -> (bytes: [UInt8], consumed: Int) {
        try decompress(prefixOf: input.span, at: offset, size: size)
    }

    /// See ``decompress(prefixOf:at:size:)-([UInt8],_,_)``.
    package static func decompress(
        prefixOf input: Span<UInt8>, at offset: Int, size: Int
    ) throws(CompressionError) -> (bytes: [UInt8], consumed: Int) {
        guard offset >= 0, offset < input.count, size >= 0 else {
            throw CompressionError(.truncated, "zlib: the stream would begin behind the end of the input")
        }
        let stream = input.extracting(offset...)
        let (result, consumed) = try DeflateDecompressor.inflate(
            stream, name: "zlib", hint: size, limit: size, using: libdeflate_zlib_decompress_ex)
        guard result.count == size else {
            throw CompressionError(.corrupt, "zlib: \(result.count) bytes of content where \(size) were declared")
        }
        return (result, consumed)
    }
}
