internal import CDeflate

/// One gzip member (RFC 1952).
package enum Gzip {
    /// - Parameter level: 0 (stored) ... 12 (smallest); 6 is a good middle.
    package static func compress(_ input: [UInt8], level: Int = 6) throws(CompressionError) -> [UInt8] {
        try DeflateCompressor.withCompressor(level: level) { compressor throws(CompressionError) in
            try bytes(capacity: libdeflate_gzip_compress_bound(compressor, input.count)) { output in
                input.withUnsafeBytes {
                    libdeflate_gzip_compress(compressor, $0.baseAddress, $0.count, output.baseAddress, output.count)
                }
            }
        }
    }

    /// Decodes exactly one member, which must fill `input`.
    ///
    /// - Parameter limit: the most bytes of content to return; more is an error.
    package static func decompress(_ input: [UInt8], limit: Int) throws(CompressionError) -> [UInt8] {
        // The last four bytes claim the size, modulo 2^32.
        let claimed = input.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        let (result, consumed) = try DeflateDecompressor.inflate(
            input.span, name: "gzip", hint: claimed, limit: limit, using: libdeflate_gzip_decompress_ex)
        guard consumed == input.count else {
            throw CompressionError(.corrupt, "gzip: \(input.count - consumed) bytes follow the end of the member")
        }
        return result
    }
}
