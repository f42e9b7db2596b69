import BLAKE3
package import ConnectorKit
import Crypto

/// The keyed digest that names and protects everything in a store (format, section 5).
package struct StoreMAC: Sendable {
    package enum Algorithm: Sendable {
        case blake3
        case sha256
    }

    /// Bytes of the secret.
    static let secretLength = 32

    package let algorithm: Algorithm
    private let secret: SymmetricKey
    /// A hasher that has its key and no input yet.
    private let keyedHasher: BLAKE3Hasher

    /// - Parameter secret: the master key of an encrypted store.
    package init(_ algorithm: Algorithm, secret: [UInt8]) throws(KlosetError) {
        guard secret.count == Self.secretLength, let keyed = BLAKE3Hasher(key: secret) else {
            throw KlosetError(.incompatible, "The key of the store has \(secret.count) bytes instead of 32.")
        }
        self.algorithm = algorithm
        self.secret = SymmetricKey(data: secret)
        keyedHasher = keyed
    }

    /// The digest of a plaintext store, whose key is the digest of the store's identifier, so that anybody can
    /// compute it.
    ///
    /// - Parameter identifier: the 16 raw bytes of the RepositoryID, not its text.
    package init(_ algorithm: Algorithm, plaintextStore identifier: [UInt8]) throws(KlosetError) {
        switch algorithm {
        case .blake3: try self.init(algorithm, secret: BLAKE3Hasher.hash(identifier))
        case .sha256: try self.init(algorithm, secret: Array(SHA256.hash(data: identifier)))
        }
    }

    package func callAsFunction(_ bytes: [UInt8]) -> MAC { self(bytes[...]) }

    package func callAsFunction(_ bytes: ArraySlice<UInt8>) -> MAC {
        if algorithm == .blake3 {
            var hasher = keyedHasher
            hasher.update(bytes)
            return MAC { hasher.finalize(into: $0) }
        }
        var stream = Stream(self)
        stream.update(bytes)
        return stream.finalize()
    }

    /// A digest of bytes that come piece by piece.
    package struct Stream {
        // Two optionals rather than an enumeration: they are updated in place.
        private var blake3: BLAKE3Hasher?
        private var sha256: HMAC<SHA256>?

        package init(_ mac: StoreMAC) {
            switch mac.algorithm {
            case .blake3: blake3 = mac.keyedHasher
            case .sha256: sha256 = HMAC<SHA256>(key: mac.secret)
            }
        }

        package mutating func update(_ bytes: ArraySlice<UInt8>) {
            blake3?.update(bytes)
            sha256?.update(data: bytes)
        }

        package func finalize() -> MAC {
            if let blake3 { return MAC { blake3.finalize(into: $0) } }
            return sha256.flatMap { MAC(Array($0.finalize())) } ?? .zero
        }
    }
}
