/// How a store is encrypted, and how a passphrase is turned into its key (Kloset format, sections 4.1, 4.2 and 6.2).
public struct EncryptionParameters: Hashable, Sendable {
    /// `AES256-KW`; `AES256-GCM` is read as well.
    public var subkeyAlgorithm: ByteString
    /// `AES256-GCM-SIV`, the only one.
    public var dataAlgorithm: ByteString
    /// Plaintext bytes in each segment but the last.
    public var chunkSize: Int
    public var keyDerivation: KeyDerivationParameters
    /// 32 random bytes, encrypted: a passphrase is right when they can be decrypted.
    public var canary: [UInt8]

    public init(
        subkeyAlgorithm: ByteString = "AES256-KW", dataAlgorithm: ByteString = "AES256-GCM-SIV",
        chunkSize: Int = 65536, keyDerivation: KeyDerivationParameters, canary: [UInt8]
    ) {
        self.subkeyAlgorithm = subkeyAlgorithm
        self.dataAlgorithm = dataAlgorithm
        self.chunkSize = chunkSize
        self.keyDerivation = keyDerivation
        self.canary = canary
    }
}

extension EncryptionParameters: MessagePackStructure {
    package static var unset: Self {
        Self(
            subkeyAlgorithm: "", dataAlgorithm: "", chunkSize: 0, keyDerivation: .unset, canary: [])
    }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.string("SubKeyAlgorithm", &subkeyAlgorithm)
        fields.string("DataAlgorithm", &dataAlgorithm)
        fields.int("ChunkSize", &chunkSize)
        fields.structure("KDFParams", &keyDerivation)
        fields.bytes("Canary", &canary, .asNil)
    }
}

/// How the master key is derived from the passphrase.
public struct KeyDerivationParameters: Hashable, Sendable {
    /// `ARGON2ID`, `SCRYPT` or `PBKDF2`; says which of the three below counts.
    public var algorithm: ByteString
    public var salt: [UInt8]
    public var argon2id: Argon2idParameters?
    public var scrypt: ScryptParameters?
    public var pbkdf2: PBKDF2Parameters?

    public init(
        algorithm: ByteString, salt: [UInt8], argon2id: Argon2idParameters? = nil, scrypt: ScryptParameters? = nil,
        pbkdf2: PBKDF2Parameters? = nil
    ) {
        self.algorithm = algorithm
        self.salt = salt
        self.argon2id = argon2id
        self.scrypt = scrypt
        self.pbkdf2 = pbkdf2
    }

    /// What a new store uses.
    ///
    /// - Parameters:
    ///   - salt: 16 random bytes.
    ///   - parameters: the cost; the default is that of `plakar create`.
    public static func argon2id(
        salt: [UInt8], _ parameters: Argon2idParameters = Argon2idParameters()
    ) -> KeyDerivationParameters {
        KeyDerivationParameters(algorithm: "ARGON2ID", salt: salt, argon2id: parameters)
    }
}

extension KeyDerivationParameters: MessagePackStructure {
    package static var unset: Self { Self(algorithm: "", salt: []) }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.string("KDF", &algorithm)
        fields.bytes("Salt", &salt, .asNil)
        fields.pointer("argon2id", &argon2id, .unlessEmpty)
        fields.pointer("scrypt", &scrypt, .unlessEmpty)
        fields.pointer("pbkdf2", &pbkdf2, .unlessEmpty)
    }
}

/// RFC 9106. The defaults are those of `plakar create`.
public struct Argon2idParameters: Hashable, Sendable {
    public var saltSize: UInt32
    public var passes: UInt32
    /// KiB.
    public var memory: UInt32
    public var lanes: UInt8
    public var keyLength: UInt32

    public init(
        saltSize: UInt32 = 16, passes: UInt32 = 4, memory: UInt32 = 262_144, lanes: UInt8 = 1, keyLength: UInt32 = 32
    ) {
        self.saltSize = saltSize
        self.passes = passes
        self.memory = memory
        self.lanes = lanes
        self.keyLength = keyLength
    }
}

extension Argon2idParameters: MessagePackStructure {
    package static var unset: Self { Self(saltSize: 0, passes: 0, memory: 0, lanes: 0, keyLength: 0) }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.u32("SaltSize", &saltSize)
        fields.u32("Time", &passes)
        fields.u32("Memory", &memory)
        fields.u8("Threads", &lanes)
        fields.u32("KeyLen", &keyLength)
    }
}

/// RFC 7914.
public struct ScryptParameters: Hashable, Sendable {
    public var saltSize: UInt32
    /// N, a power of two.
    public var cost: Int
    /// r.
    public var blockSize: Int
    /// p.
    public var parallelism: Int
    public var keyLength: Int

    public init(
        saltSize: UInt32 = 16, cost: Int = 32768, blockSize: Int = 8, parallelism: Int = 1, keyLength: Int = 32
    ) {
        self.saltSize = saltSize
        self.cost = cost
        self.blockSize = blockSize
        self.parallelism = parallelism
        self.keyLength = keyLength
    }
}

extension ScryptParameters: MessagePackStructure {
    package static var unset: Self { Self(saltSize: 0, cost: 0, blockSize: 0, parallelism: 0, keyLength: 0) }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.u32("SaltSize", &saltSize)
        fields.int("N", &cost)
        fields.int("R", &blockSize)
        fields.int("P", &parallelism)
        fields.int("KeyLen", &keyLength)
    }
}

/// RFC 8018, section 5.2.
public struct PBKDF2Parameters: Hashable, Sendable {
    public var saltSize: UInt32
    public var iterations: Int
    public var keyLength: Int
    /// The hash under HMAC: `SHA256`.
    public var hashing: ByteString

    public init(saltSize: UInt32 = 16, iterations: Int = 100_000, keyLength: Int = 32, hashing: ByteString = "SHA256") {
        self.saltSize = saltSize
        self.iterations = iterations
        self.keyLength = keyLength
        self.hashing = hashing
    }
}

extension PBKDF2Parameters: MessagePackStructure {
    package static var unset: Self { Self(saltSize: 0, iterations: 0, keyLength: 0, hashing: "") }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.u32("SaltSize", &saltSize)
        fields.int("Iterations", &iterations)
        fields.int("KeyLen", &keyLength)
        fields.string("Hashing", &hashing)
    }
}
