import BLAKE3
public import ConnectorKit
import Crypto
public import KlosetFormat

/// A store whose configuration was read but whose key is not known yet.
public struct LockedRepository: Sendable {
    public let store: any Store
    /// What the store says of itself. Nothing vouches for it until ``unlock(passphrase:)`` succeeded.
    public let configuration: StoreConfiguration
    private let file: [UInt8]
    private let wrapper: Wrapper

    /// Reads the configuration of a store.
    ///
    /// - Throws: `ConnectorError` when the store cannot be read, ``KlosetError`` when what was read is no
    ///   configuration (`corrupt`) or a newer one (`incompatible`).
    public static func read(_ store: any Store) async throws -> LockedRepository {
        try LockedRepository(store, file: try await store.open())
    }

    private init(_ store: any Store, file: [UInt8]) throws(KlosetError) {
        do {
            wrapper = try Wrapper(parsing: file, expecting: .configuration)
            configuration = try StoreConfiguration(decoding: file, in: wrapper.payload)
            try configuration.validate()
        } catch {
            throw KlosetError(error, in: "CONFIG of \(store.location)")
        }
        self.store = store
        self.file = file
    }

    public var isEncrypted: Bool { configuration.encryption != nil }

    /// Opens the repository and reads its states.
    ///
    /// - Parameter passphrase: the bytes as the user gave them; not looked at when the store is not encrypted.
    /// - Parameter cache: where the union of the states is kept for the next time; nil to do without.
    /// - Throws: ``KlosetError/Code/authentication`` when the passphrase is wrong or missing.
    public func unlock(passphrase: [UInt8]?, cache: RepositoryCache? = nil) async throws -> Repository {
        let masterKey = try deriveKey(passphrase)
        try verify(masterKey)
        let repository = Repository(
            store: store, configuration: configuration,
            keys: try RepositoryKeys(configuration, masterKey: masterKey), cache: cache)
        try await repository.refresh()
        return repository
    }

    /// - Returns: nil for a plaintext store.
    private func deriveKey(_ passphrase: [UInt8]?) throws(KlosetError) -> [UInt8]? {
        guard let encryption = configuration.encryption else { return nil }
        guard let passphrase, !passphrase.isEmpty else {
            throw KlosetError(.authentication, "The store in \(store.location) is encrypted and needs a passphrase.")
        }
        let masterKey = try KeyDerivation.masterKey(passphrase: passphrase, encryption.keyDerivation)
        do {
            _ = try SegmentStream(masterKey: SymmetricKey(data: masterKey), encryption).open(encryption.canary)
        } catch {
            throw KlosetError(.authentication, "The passphrase does not open the store in \(store.location).")
        }
        return masterKey
    }

    /// Only now does the configuration count as genuine (format, sections 3 and 4.3): its digest is always BLAKE3,
    /// keyed with the master key, or without a key in a plaintext store.
    private func verify(_ masterKey: [UInt8]?) throws(KlosetError) {
        var hasher = BLAKE3Hasher()
        if let masterKey {
            guard let keyed = BLAKE3Hasher(key: masterKey) else {
                throw KlosetError(.incompatible, "The key of the store has \(masterKey.count) bytes.")
            }
            hasher = keyed
        }
        hasher.update(file[wrapper.authenticated])
        guard MAC(hasher.finalize()) == wrapper.mac else {
            throw KlosetError(
                .corrupt, "CONFIG of \(store.location) was changed since it was written.",
                advice: "Put it back from a copy: it is never rewritten, so any old copy of it is good.")
        }
    }
}
