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

    /// Holds no more than two of the three forms at once: states have megabytes.
    package func encode(_ plaintext: consuming [UInt8]) throws -> [UInt8] {
        var compressed: [UInt8] = []
        if compression == .none {
            compressed = plaintext
        } else {
            try compress(plaintext, into: &compressed)
        }
        plaintext = []
        guard let encryption else { return compressed }
        return try encryption.seal(compressed)
    }

    /// What encoding and decoding need, used again from blob to blob: large blocks of memory are dear to come by.
    struct Buffers: Sendable {
        /// What ``BlobCodec/encode(_:_:)`` made, or what was read.
        var stored: [UInt8] = []
        /// What ``BlobCodec/decode(_:limit:_:)`` made.
        fileprivate(set) var plaintext: [UInt8] = []
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

        fileprivate mutating func decode(
            _ open: (inout [UInt8]) throws(KlosetError) -> Void,
            _ decompress: ([UInt8], inout [UInt8]) throws(KlosetError) -> Void
        ) throws(KlosetError) {
            compressed.removeAll(keepingCapacity: true)
            if plaintext.capacity > Self.kept { plaintext = [] }
            defer { if compressed.capacity > Self.kept { compressed = [] } }
            try open(&compressed)
            try decompress(compressed, &plaintext)
        }

        /// Gives back what is large, after reading.
        mutating func trim() { if stored.capacity > Self.kept { stored = [] } }

        /// Takes the plaintext out.
        mutating func takePlaintext() -> [UInt8] {
            defer { plaintext = [] }
            return plaintext
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
        var buffers = Buffers()
        try decode(stored[...], limit: limit, &buffers)
        return buffers.takePlaintext()
    }

    /// Leaves the plaintext in ``Buffers/plaintext``; see ``decode(_:limit:)``.
    func decode(_ stored: ArraySlice<UInt8>, limit: Int, _ buffers: inout Buffers) throws(KlosetError) {
        try buffers.decode { (compressed) throws(KlosetError) in
            if let encryption {
                try encryption.open(stored, into: &compressed)
            } else {
                compressed.append(contentsOf: stored)
            }
        } _: { (compressed, plaintext) throws(KlosetError) in
            try decompress(compressed, limit: limit, into: &plaintext)
        }
    }

    private func decompress(
        _ compressed: [UInt8], limit: Int, into plaintext: inout [UInt8]
    ) throws(KlosetError) {
        do {
            switch compression {
            case .none:
                guard compressed.count <= limit else {
                    throw KlosetError(.limitExceeded, "it has \(compressed.count) bytes, more than \(limit)")
                }
                plaintext.removeAll(keepingCapacity: true)
                plaintext.append(contentsOf: compressed)
            case .lz4:
                // What was sealed and opened again is what was written; without encryption the checksum is the only
                // thing that tells of a change to itself.
                try LZ4Frame.decompress(
                    compressed, limit: limit, verifyingChecksum: encryption == nil, into: &plaintext)
            case .gzip: plaintext = try Gzip.decompress(compressed, limit: limit)
            case .zstandard:
                plaintext = compressed.isEmpty ? [] : try Zstandard.decompress(compressed, limit: limit)
            }
        } catch let error as KlosetError {
            throw error
        } catch {
            throw KlosetError(.corrupt, "it does not decompress: \(error)")
        }
    }
}
