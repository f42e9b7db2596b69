public import ConnectorKit

/// What a store says of itself in its CONFIG: written once, never changed (Kloset format, section 4; messages,
/// section 3).
public struct StoreConfiguration: Hashable, Sendable {
    /// When the store was made.
    public var timestamp: Timestamp
    public var repositoryID: RepositoryID
    public var packfile: PackfileParameters
    public var chunking: ChunkingParameters
    public var hashing: HashingParameters
    /// nil in a store without compression.
    public var compression: CompressionParameters?
    /// nil in a plaintext store.
    public var encryption: EncryptionParameters?

    public init(
        timestamp: Timestamp, repositoryID: RepositoryID, packfile: PackfileParameters = .default,
        chunking: ChunkingParameters = .default, hashing: HashingParameters = .blake3,
        compression: CompressionParameters? = .lz4, encryption: EncryptionParameters? = nil
    ) {
        self.timestamp = timestamp
        self.repositoryID = repositoryID
        self.packfile = packfile
        self.chunking = chunking
        self.hashing = hashing
        self.compression = compression
        self.encryption = encryption
    }
}

extension StoreConfiguration: MessagePackStructure {
    package static var unset: Self {
        Self(
            timestamp: .goZero, repositoryID: .zero, packfile: .unset, chunking: .unset,
            hashing: .unset, compression: nil)
    }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.time("Timestamp", &timestamp)
        fields.uuid("RepositoryID", &repositoryID)
        fields.structure("Packfile", &packfile)
        fields.structure("Chunking", &chunking)
        fields.structure("Hashing", &hashing)
        fields.pointer("Compression", &compression)
        fields.pointer("Encryption", &encryption)
    }
}

/// How large packfiles grow, in bytes.
public struct PackfileParameters: Hashable, Sendable {
    public var minimumSize: UInt64
    public var averageSize: UInt64
    /// A packfile is closed when its data exceed this.
    public var maximumSize: UInt64

    public init(minimumSize: UInt64 = 0, averageSize: UInt64 = 0, maximumSize: UInt64) {
        self.minimumSize = minimumSize
        self.averageSize = averageSize
        self.maximumSize = maximumSize
    }

    /// 64 MiB.
    public static let `default` = PackfileParameters(maximumSize: 64 << 20)
    /// One packfile of any size.
    public static let ptar = PackfileParameters(maximumSize: .max)
}

extension PackfileParameters: MessagePackStructure {
    package static var unset: Self { Self(maximumSize: 0) }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.u64("MinSize", &minimumSize)
        fields.u64("AvgSize", &averageSize)
        fields.u64("MaxSize", &maximumSize)
    }
}

/// How contents are cut into chunks (Kloset format, section 10).
public struct ChunkingParameters: Hashable, Sendable {
    /// `fastcdc-v1.0.0`, or `FASTCDC` in stores of the 1.0 line; compared in lower case.
    public var algorithm: ByteString
    /// Bytes of the smallest chunk, but for the last of a file.
    public var minimumSize: UInt32
    public var normalSize: UInt32
    public var maximumSize: UInt32

    public init(algorithm: ByteString, minimumSize: UInt32, normalSize: UInt32, maximumSize: UInt32) {
        self.algorithm = algorithm
        self.minimumSize = minimumSize
        self.normalSize = normalSize
        self.maximumSize = maximumSize
    }

    /// 512 KiB, 1 MiB, 8 MiB.
    public static let `default` = ChunkingParameters(
        algorithm: "fastcdc-v1.0.0", minimumSize: 512 << 10, normalSize: 1 << 20, maximumSize: 8 << 20)
}

extension ChunkingParameters: MessagePackStructure {
    package static var unset: Self { Self(algorithm: "", minimumSize: 0, normalSize: 0, maximumSize: 0) }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.string("Algorithm", &algorithm)
        fields.u32("MinSize", &minimumSize)
        fields.u32("NormalSize", &normalSize)
        fields.u32("MaxSize", &maximumSize)
    }
}

/// Which digest names and protects everything in a store.
public struct HashingParameters: Hashable, Sendable {
    /// `BLAKE3` or `SHA256`.
    public var algorithm: ByteString
    /// 256.
    public var bits: UInt32

    public init(algorithm: ByteString, bits: UInt32 = 256) {
        self.algorithm = algorithm
        self.bits = bits
    }

    public static let blake3 = HashingParameters(algorithm: "BLAKE3")
    public static let sha256 = HashingParameters(algorithm: "SHA256")
}

extension HashingParameters: MessagePackStructure {
    package static var unset: Self { Self(algorithm: "", bits: 0) }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.string("Algorithm", &algorithm)
        fields.u32("Bits", &bits)
    }
}

/// How blobs are compressed. Only the algorithm is ever used; the rest is carried along.
public struct CompressionParameters: Hashable, Sendable {
    /// `LZ4`, `GZIP` or `ZSTD`.
    public var algorithm: ByteString
    public var level: Int
    public var windowSize: Int
    public var chunkSize: Int
    public var blockSize: Int
    public var enableCRC: Bool

    public init(
        algorithm: ByteString, level: Int, windowSize: Int = -1, chunkSize: Int = -1, blockSize: Int = -1,
        enableCRC: Bool = false
    ) {
        self.algorithm = algorithm
        self.level = level
        self.windowSize = windowSize
        self.chunkSize = chunkSize
        self.blockSize = blockSize
        self.enableCRC = enableCRC
    }

    public static let lz4 = CompressionParameters(algorithm: "LZ4", level: 131072)
    public static let gzip = CompressionParameters(algorithm: "GZIP", level: -1)
    /// Not readable by plakar 1.1.4 and older.
    public static let zstandard = CompressionParameters(algorithm: "ZSTD", level: 2)
}

extension CompressionParameters: MessagePackStructure {
    package static var unset: Self { Self(algorithm: "", level: 0, windowSize: 0, chunkSize: 0, blockSize: 0) }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.string("Algorithm", &algorithm)
        fields.int("Level", &level)
        fields.int("WindowSize", &windowSize)
        fields.int("ChunkSize", &chunkSize)
        fields.int("BlockSize", &blockSize)
        fields.bool("EnableCRC", &enableCRC)
    }
}
