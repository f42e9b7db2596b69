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

    package func encode(_ plaintext: consuming [UInt8]) throws -> [UInt8] {
        var buffers = Buffers()
        try encode(plaintext, &buffers)
        return buffers.stored
    }

    /// What encoding needs, used again from blob to blob: large blocks of memory are dear to come by.
    struct Buffers {
        /// The result.
        fileprivate(set) var stored: [UInt8] = []
        private var compressed: [UInt8] = []
        /// Beyond so many bytes a buffer is given back after use.
        private static let kept = 4 << 20

        fileprivate mutating func begin() {
            if stored.capacity > Self.kept { stored = [] } else { stored.removeAll(keepingCapacity: true) }
        }

        fileprivate mutating func withCompressed(_ body: (inout [UInt8], inout [UInt8]) throws -> Void) rethrows {
            compressed.removeAll(keepingCapacity: true)
            defer { if compressed.capacity > Self.kept { compressed = [] } }
            try body(&compressed, &stored)
        }
    }

    /// Leaves the encoded form in ``Buffers/stored``.
    func encode(_ plaintext: [UInt8], _ buffers: inout Buffers) throws {
        buffers.begin()
        guard let encryption else { return try compress(plaintext, into: &buffers.stored) }
        if compression == .none { return try encryption.seal(plaintext[...], into: &buffers.stored) }
        try buffers.withCompressed { compressed, stored in
            try compress(plaintext, into: &compressed)
            try encryption.seal(compressed[...], into: &stored)
        }
    }

    private func compress(_ plaintext: [UInt8], into output: inout [UInt8]) throws {
        switch compression {
        case .none: output.append(contentsOf: plaintext)
        case .lz4: LZ4Frame.compress(plaintext, appendingTo: &output)
        case .gzip: output.append(contentsOf: try Gzip.compress(plaintext))
        // Empty input is zero bytes, not an empty frame.
        case .zstandard: if !plaintext.isEmpty { output.append(contentsOf: try Zstandard.compress(plaintext)) }
        }
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
            case .lz4:
                // What was sealed and opened again is what was written; without encryption the checksum is the only
                // thing that tells of a change to itself.
                return try LZ4Frame.decompress(compressed, limit: limit, verifyingChecksum: encryption == nil)
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
