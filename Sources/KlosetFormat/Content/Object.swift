public import ConnectorKit

/// The content of a file or of an attribute: which chunks, in which order (Kloset messages, section 4).
public struct Object: Hashable, Sendable {
    public var version: FormatVersion
    /// The MAC of the whole content.
    public var contentMAC: MAC
    /// In the order of the content; an empty content has one chunk of length 0.
    public var chunks: [Chunk]
    /// The MIME type, possibly with parameters; never empty when written.
    public var contentType: ByteString
    /// Bits per byte, 0 ... 8, weighted by the lengths of the chunks; 0 in dirpacks.
    public var entropy: Double
    public var flags: UInt32

    public init(
        version: FormatVersion = .v1_0_0, contentMAC: MAC, chunks: [Chunk], contentType: ByteString, entropy: Double,
        flags: UInt32 = 0
    ) {
        self.version = version
        self.contentMAC = contentMAC
        self.chunks = chunks
        self.contentType = contentType
        self.entropy = entropy
        self.flags = flags
    }

    /// The bytes of the content; nil when the chunks claim more than 64 bits hold.
    public var size: UInt64? {
        var sum: UInt64 = 0
        for chunk in chunks {
            let (next, overflow) = sum.addingReportingOverflow(UInt64(chunk.length))
            if overflow { return nil }
            sum = next
        }
        return sum
    }
}

extension Object: MessagePackStructure {
    package static var unset: Self { Self(version: .none, contentMAC: .zero, chunks: [], contentType: "", entropy: 0) }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.version("version", &version)
        fields.mac("contentMAC", &contentMAC)
        fields.structures("chunks", &chunks, .asEmpty)
        fields.string("content_type", &contentType, .unlessEmpty)
        fields.f64("entropy", &entropy, .unlessEmpty)
        fields.u32("flags", &flags)
    }
}

/// One piece of an ``Object``; the blob of type chunk holds the bytes themselves.
public struct Chunk: Hashable, Sendable {
    public var version: FormatVersion
    /// The MAC of the plaintext, which is also the key of the blob.
    public var contentMAC: MAC
    /// Plaintext bytes.
    public var length: UInt32
    /// Bits per byte, 0 ... 8; 0 in dirpacks.
    public var entropy: Double
    public var flags: UInt32

    public init(
        version: FormatVersion = .v1_0_0, contentMAC: MAC, length: UInt32, entropy: Double, flags: UInt32 = 0
    ) {
        self.version = version
        self.contentMAC = contentMAC
        self.length = length
        self.entropy = entropy
        self.flags = flags
    }
}

extension Chunk: MessagePackStructure {
    package static var unset: Self { Self(version: .none, contentMAC: .zero, length: 0, entropy: 0) }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.version("version", &version)
        fields.mac("contentMAC", &contentMAC)
        fields.u32("length", &length)
        fields.f64("entropy", &entropy)
        fields.u32("flags", &flags)
    }
}
