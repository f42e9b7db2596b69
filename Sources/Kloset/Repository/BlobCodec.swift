import Compression

/// How everything but CONFIG and padding is stored: compressed, then encrypted; either may be left out
/// (format, section 6).
package struct BlobCodec: Sendable {
    package enum Compression: Sendable {
        case none
        case lz4
        case gzip
        /// Read only: the stable engine refuses such stores.
        case zstandard
    }

    let compression: Compression
    let encryption: SegmentStream?

    package init(compression: Compression, encryption: SegmentStream?) {
        self.compression = compression
        self.encryption = encryption
    }

    package func encode(_ plaintext: [UInt8]) throws -> [UInt8] {
        let compressed =
            switch compression {
            case .none: plaintext
            case .lz4: try LZ4Frame.compress(plaintext)
            case .gzip: try Gzip.compress(plaintext)
            // Empty input is zero bytes, not an empty frame.
            case .zstandard: plaintext.isEmpty ? [] : try Zstandard.compress(plaintext)
            }
        return try encryption?.seal(compressed) ?? compressed
    }

    /// - Parameter limit: the most bytes that the result may have.
    /// - Throws: ``KlosetError/Code/corrupt``, or ``KlosetError/Code/limitExceeded``.
    package func decode(_ stored: [UInt8], limit: Int) throws(KlosetError) -> [UInt8] {
        let compressed = try encryption?.open(stored) ?? stored
        do {
            switch compression {
            case .none:
                guard compressed.count <= limit else {
                    throw KlosetError(.limitExceeded, "it has \(compressed.count) bytes, more than \(limit)")
                }
                return compressed
            case .lz4: return try LZ4Frame.decompress(compressed, limit: limit)
            case .gzip: return try Gzip.decompress(compressed, limit: limit)
            case .zstandard: return compressed.isEmpty ? [] : try Zstandard.decompress(compressed, limit: limit)
            }
        } catch let error as KlosetError {
            throw error
        } catch {
            throw KlosetError(.corrupt, "it does not decompress: \(error)")
        }
    }
}
