import Crypto
import CryptoExtras

/// AES-256-GCM-SIV (RFC 8452) as Kloset uses it: a random 12-byte nonce in front, a 16-byte tag behind, nothing
/// authenticated besides. The only place that knows which library provides it.
struct AESGCMSIV: Sendable {
    /// What sealing adds to a segment: nonce and tag.
    static let overhead = 28

    private let key: SymmetricKey

    init(key: SymmetricKey) { self.key = key }

    /// Appends nonce, ciphertext and tag of `plaintext` to `output`. A nonce must not be used twice with one key.
    ///
    /// - Parameter nonce: 12 bytes.
    func seal(_ plaintext: ArraySlice<UInt8>, nonce: [UInt8], into output: inout [UInt8]) throws {
        let nonce = try AES.GCM._SIV.Nonce(data: nonce)
        output.append(contentsOf: try AES.GCM._SIV.seal(plaintext, using: key, nonce: nonce).combined)
    }

    /// Appends the plaintext of one sealed segment to `output`.
    ///
    /// - Throws: when the segment is shorter than its overhead or its tag is wrong.
    func open(_ segment: ArraySlice<UInt8>, into output: inout [UInt8]) throws {
        let box = try AES.GCM._SIV.SealedBox(combined: segment)
        output.append(contentsOf: try AES.GCM._SIV.open(box, using: key))
    }
}
