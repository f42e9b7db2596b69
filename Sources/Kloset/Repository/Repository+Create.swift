import BLAKE3
public import ConnectorKit
import Crypto
public import KlosetFormat

/// How a new repository is made. It cannot be changed later.
public struct RepositoryOptions: Hashable, Sendable {
    public enum Hashing: Hashable, Sendable {
        case blake3
        case sha256
    }

    public enum Compression: Hashable, Sendable {
        case lz4
        case gzip
        case none
    }

    public var hashing: Hashing
    public var compression: Compression
    public var chunking: ChunkingParameters
    /// Cost of deriving the key of an encrypted repository.
    public var keyDerivation: Argon2idParameters
    /// How large packfiles become; an archive has only one.
    var packfile = PackfileParameters.default

    public init(
        hashing: Hashing = .blake3, compression: Compression = .lz4, chunking: ChunkingParameters = .default,
        keyDerivation: Argon2idParameters = Argon2idParameters()
    ) {
        self.hashing = hashing
        self.compression = compression
        self.chunking = chunking
        self.keyDerivation = keyDerivation
    }
}

extension Repository {
    /// Makes a new repository in a store that has none.
    ///
    /// - Parameter passphrase: the bytes as the user gave them; nil for a plaintext repository.
    /// - Throws: ``KlosetError/Code/invalidArgument`` for an empty passphrase; `ConnectorError` with `alreadyExists`
    ///   when the store is in use.
    public static func create(
        in store: any Store, _ options: RepositoryOptions = RepositoryOptions(), passphrase: [UInt8]?
    ) async throws -> Repository {
        guard passphrase?.isEmpty != true else {
            throw KlosetError(
                .invalidArgument, "The passphrase is empty.",
                advice: "Give one, or ask for a repository without encryption.")
        }
        var configuration = StoreConfiguration(
            timestamp: .now(), repositoryID: .random(), chunking: options.chunking,
            hashing: options.hashing == .sha256 ? .sha256 : .blake3)
        configuration.packfile = options.packfile
        switch options.compression {
        case .lz4: configuration.compression = .lz4
        case .gzip: configuration.compression = .gzip
        case .none: configuration.compression = nil
        }
        var masterKey: [UInt8]?
        if let passphrase {
            let key: [UInt8]
            (key, configuration.encryption) = try encryption(passphrase, options.keyDerivation)
            masterKey = key
        }
        do {
            try configuration.validate()
        } catch {
            throw KlosetError(.invalidArgument, "\(error)")
        }
        let keys = try RepositoryKeys(configuration, masterKey: masterKey)
        try await store.create(configuration: try seal(configuration, masterKey))
        return Repository(store: store, configuration: configuration, keys: keys)
    }

    private static func encryption(
        _ passphrase: [UInt8], _ cost: Argon2idParameters
    ) throws -> (key: [UInt8], EncryptionParameters) {
        let derivation = KeyDerivationParameters.argon2id(salt: randomBytes(16), cost)
        let key = try KeyDerivation.masterKey(passphrase: passphrase, derivation)
        let canary = try SegmentStream(masterKey: SymmetricKey(data: key)).seal(randomBytes(32))
        return (key, EncryptionParameters(keyDerivation: derivation, canary: canary))
    }

    /// CONFIG in its wrapper, whose digest is BLAKE3 whatever the store hashes with (format, section 3).
    private static func seal(_ configuration: StoreConfiguration, _ masterKey: [UInt8]?) throws -> [UInt8] {
        try Wrapper.seal(.configuration, .v1_0_0, configuration.encoded()) { bytes throws(KlosetError) in
            let digest = masterKey.map { BLAKE3Hasher.keyedHash(key: $0, bytes) } ?? BLAKE3Hasher.hash(bytes)
            guard let digest, let mac = MAC(digest) else {
                throw KlosetError(.invalidArgument, "The derived key does not have 32 bytes.")
            }
            return mac
        }
    }

    static func randomBytes(_ count: Int) -> [UInt8] {
        RandomBytes.shared.next(count)
    }
}
