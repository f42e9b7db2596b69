import CArgon2
import Crypto
import CryptoExtras

/// From a passphrase to the master key of a store (format, section 4.1).
///
/// The parameters come from a CONFIG that nothing vouches for before the key is known, so each has a ceiling here.
package enum KeyDerivation {
    /// Bytes of the master key.
    package static let keyLength = 32
    /// The most memory that opening a store may ask for: 4 GiB.
    private static let memoryLimit = 4 << 30
    private static let passesLimit: UInt32 = 64
    private static let lanesLimit: UInt8 = 64
    private static let iterationsLimit = 50_000_000
    private static let saltLengths = 8...1024

    /// Argon2id, version 0x13, without secret and associated data.
    ///
    /// - Parameter memory: KiB.
    package static func argon2id(
        passphrase: [UInt8], salt: [UInt8], passes: UInt32, memory: UInt32, lanes: UInt8, length: Int
    ) throws(KlosetError) -> [UInt8] {
        try checkCommon(salt: salt, length: length)
        guard (1...passesLimit).contains(passes), (1...lanesLimit).contains(lanes),
            memory >= 8 * UInt32(lanes), Int(memory) <= memoryLimit >> 10
        else {
            throw refused("Argon2id with \(passes) passes, \(memory) KiB and \(lanes) lanes")
        }
        var key = [UInt8](repeating: 0, count: length)
        let status = argon2id_hash_raw(
            passes, memory, UInt32(lanes), passphrase, passphrase.count, salt, salt.count, &key, length)
        guard status == ARGON2_OK.rawValue else {
            throw KlosetError(
                .limitExceeded,
                "The key could not be derived: \(String(cString: argon2_error_message(status))).",
                advice: "It needs \(memory >> 10) MiB of memory.")
        }
        return key
    }

    package static func scrypt(
        passphrase: [UInt8], salt: [UInt8], rounds: Int, blockSize: Int, parallelism: Int, length: Int
    ) throws(KlosetError) -> [UInt8] {
        try checkCommon(salt: salt, length: length)
        guard (2...(1 << 24)).contains(rounds), rounds & (rounds - 1) == 0, (1...1024).contains(blockSize),
            (1...64).contains(parallelism), 128 * rounds * blockSize <= memoryLimit
        else { throw refused("scrypt with N=\(rounds), r=\(blockSize), p=\(parallelism)") }
        do {
            let key = try KDF.Scrypt.deriveKey(
                from: passphrase, salt: salt, outputByteCount: length, rounds: rounds, blockSize: blockSize,
                parallelism: parallelism)
            return key.withUnsafeBytes(Array.init)
        } catch {
            throw KlosetError(.limitExceeded, "The key could not be derived with scrypt.")
        }
    }

    /// PBKDF2 with HMAC-SHA256.
    package static func pbkdf2(
        passphrase: [UInt8], salt: [UInt8], iterations: Int, hash: String, length: Int
    ) throws(KlosetError) -> [UInt8] {
        try checkCommon(salt: salt, length: length)
        guard hash == "SHA256", (1...iterationsLimit).contains(iterations) else {
            throw refused("PBKDF2 with \(hash) and \(iterations) iterations")
        }
        do {
            let key = try KDF.Insecure.PBKDF2.deriveKey(
                from: passphrase, salt: salt, using: .sha256, outputByteCount: length,
                unsafeUncheckedRounds: iterations)
            return key.withUnsafeBytes(Array.init)
        } catch {
            throw KlosetError(.limitExceeded, "The key could not be derived with PBKDF2.")
        }
    }

    private static func checkCommon(salt: [UInt8], length: Int) throws(KlosetError) {
        guard saltLengths.contains(salt.count) else { throw refused("a salt of \(salt.count) bytes") }
        guard length == keyLength else { throw refused("a key of \(length) bytes") }
    }

    private static func refused(_ what: String) -> KlosetError {
        KlosetError(
            .incompatible, "The store asks for \(what), which is out of bounds.",
            advice: "Its CONFIG is damaged or was tampered with.")
    }
}
