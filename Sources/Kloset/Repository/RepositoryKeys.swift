import ConnectorKit
import Crypto
import KlosetFormat

/// What turns plaintext into stored bytes and names in one repository.
struct RepositoryKeys: Sendable {
    let mac: StoreMAC
    let codec: BlobCodec

    /// - Parameter masterKey: 32 bytes; nil for a plaintext store.
    init(_ configuration: StoreConfiguration, masterKey: [UInt8]?) throws(KlosetError) {
        let algorithm: StoreMAC.Algorithm = configuration.hashing == .sha256 ? .sha256 : .blake3
        if let masterKey {
            mac = try StoreMAC(algorithm, secret: masterKey)
        } else {
            mac = try StoreMAC(algorithm, plaintextStore: configuration.repositoryID.bytes)
        }
        var encryption: SegmentStream?
        if let masterKey, let parameters = configuration.encryption {
            encryption = SegmentStream(masterKey: SymmetricKey(data: masterKey), parameters)
        }
        codec = BlobCodec(compression: try BlobCodec.Compression(configuration.compression), encryption: encryption)
    }
}

extension SegmentStream {
    init(masterKey: SymmetricKey, _ parameters: EncryptionParameters) {
        self.init(
            masterKey: masterKey, wrapping: parameters.subkeyAlgorithm == "AES256-GCM" ? .gcm : .keyWrap,
            segmentLength: parameters.chunkSize)
    }
}

extension BlobCodec.Compression {
    init(_ parameters: CompressionParameters?) throws(KlosetError) {
        switch parameters?.algorithm {
        case nil: self = .none
        case "LZ4": self = .lz4
        case "GZIP": self = .gzip
        case "ZSTD": self = .zstandard
        case .some(let other): throw KlosetError(.incompatible, "The store is compressed with \(other).")
        }
    }
}

extension KeyDerivation {
    /// The master key by whichever derivation the store names.
    static func masterKey(
        passphrase: [UInt8], _ parameters: KeyDerivationParameters
    ) throws(KlosetError) -> [UInt8] {
        switch parameters.algorithm {
        case "ARGON2ID":
            if let cost = parameters.argon2id {
                return try argon2id(
                    passphrase: passphrase, salt: parameters.salt, passes: cost.passes, memory: cost.memory,
                    lanes: cost.lanes, length: Int(cost.keyLength))
            }
        case "SCRYPT":
            if let cost = parameters.scrypt {
                return try scrypt(
                    passphrase: passphrase, salt: parameters.salt, rounds: cost.cost, blockSize: cost.blockSize,
                    parallelism: cost.parallelism, length: cost.keyLength)
            }
        case "PBKDF2":
            if let cost = parameters.pbkdf2 {
                return try pbkdf2(
                    passphrase: passphrase, salt: parameters.salt, iterations: cost.iterations,
                    hash: cost.hashing.description, length: cost.keyLength)
            }
        default:
            break
        }
        throw KlosetError(.incompatible, "The store derives its key with \(parameters.algorithm).")
    }
}
