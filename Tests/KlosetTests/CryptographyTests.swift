import ConnectorKit
import Crypto
import Foundation
import Kloset
import Testing

/// The vectors of the format's appendix B, and what a damaged or foreign stream does.
@Suite struct CryptographyTests {
    private let masterKey = SymmetricKey(data: (0...31).map { UInt8($0) })

    @Test func argon2id() throws {
        let key = try KeyDerivation.argon2id(
            passphrase: Array("correct horse".utf8), salt: (0...15).map { UInt8($0) }, passes: 4, memory: 262_144,
            lanes: 1, length: 32)
        #expect(hex(key) == "4860bf22ee3f4550a81b7ba9306fde9813d42bff675f728c882edef5144abe44")
    }

    /// RFC 7914, section 12, and the long case of RFC 6070 with SHA-256; the first 32 bytes of each.
    @Test func otherDerivations() throws {
        let scrypt = try KeyDerivation.scrypt(
            passphrase: Array("pleaseletmein".utf8), salt: Array("SodiumChloride".utf8), rounds: 16_384, blockSize: 8,
            parallelism: 1, length: 32)
        #expect(hex(scrypt) == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2")
        let pbkdf2 = try KeyDerivation.pbkdf2(
            passphrase: Array("passwordPASSWORDpassword".utf8), salt: Array("saltSALTsaltSALTsaltSALTsaltSALTsalt".utf8),
            iterations: 4096, hash: "SHA256", length: 32)
        #expect(hex(pbkdf2) == "348c89dbcbd32b2f32d814b8116e84cf2b17347ebc1800181c4e2a1fb8dd53e1")
    }

    @Test func refusesDerivationsThatWouldEatTheMachine() {
        let salt = [UInt8](repeating: 1, count: 16)
        #expect(throws: KlosetError(.incompatible, "")) {
            try KeyDerivation.argon2id(
                passphrase: [1], salt: salt, passes: 4, memory: .max, lanes: 1, length: 32)
        }
        #expect(throws: KlosetError(.incompatible, "")) {
            try KeyDerivation.argon2id(
                passphrase: [1], salt: salt, passes: .max, memory: 1024, lanes: 1, length: 32)
        }
        #expect(throws: KlosetError(.incompatible, "")) {
            try KeyDerivation.scrypt(
                passphrase: [1], salt: salt, rounds: 1 << 24, blockSize: 1024, parallelism: 1, length: 32)
        }
        #expect(throws: KlosetError(.incompatible, "")) {
            try KeyDerivation.pbkdf2(passphrase: [1], salt: salt, iterations: .max, hash: "SHA256", length: 32)
        }
    }

    @Test func opensTheVectorStream() throws {
        let stream = bytes(
            """
            04f8a3c3c302d3b0b7e94b14dcf85ad1da69cd74056ed7907d3cb49fb27799a4104db058f2901adb
            000102030405060708090a0b3533057593119645378d752cac78a24fca2a22d3b89d
            """)
        #expect(try SegmentStream(masterKey: masterKey).open(stream) == Array("kloset".utf8))
    }

    @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 200_000])
    func sealsInSegments(count: Int) throws {
        let plaintext = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let stream = SegmentStream(masterKey: masterKey)
        let sealed = try stream.seal(plaintext)
        // Trap 8 and 9: full segments but the last, and none at all for nothing.
        #expect(sealed.count == 40 + count + 28 * ((count + 65_535) / 65_536))
        #expect(try stream.open(sealed) == plaintext)
        #expect(try stream.seal(plaintext) != sealed)
    }

    @Test func opensSubkeysUnderGCM() throws {
        // The body of a stream under another key, with its subkey wrapped anew.
        let otherKey = SymmetricKey(size: .bits256)
        let sealed = try SegmentStream(masterKey: otherKey).seal([1, 2, 3])
        let subkey = try AES.KeyWrap.unwrap(sealed.prefix(40), using: otherKey)
        let head = try #require(try AES.GCM.seal(subkey.withUnsafeBytes(Array.init), using: masterKey).combined)
        #expect(head.count == 60)
        let stream = SegmentStream(masterKey: masterKey, wrapping: .gcm)
        #expect(try stream.open(Array(head) + sealed.dropFirst(40)) == [1, 2, 3])
    }

    @Test func noticesEveryChangedByte() throws {
        let stream = SegmentStream(masterKey: masterKey)
        let sealed = try stream.seal(Array("BEGIN:VCALENDAR".utf8))
        for position in sealed.indices {
            var damaged = sealed
            damaged[position] ^= 0x40
            #expect(throws: KlosetError(.corrupt, "")) { try stream.open(damaged) }
        }
        for length in 0..<sealed.count where length != 40 {
            #expect(throws: KlosetError(.corrupt, "")) { try stream.open(Array(sealed[..<length])) }
        }
        let stranger = SegmentStream(masterKey: SymmetricKey(size: .bits256))
        #expect(throws: KlosetError(.corrupt, "")) { try stranger.open(sealed) }
    }

    @Test(arguments: [
        (StoreMAC.Algorithm.blake3, "", "3a77dbd14805b47c2514acb2003f0b5cc99aa7dc3ec4f608ac77a7b03ac0755f"),
        (.blake3, "hello", "9b03baccde1ae6194a7312024f19de11452b01116ad7c719f513fa520a5e6cf6"),
        (.sha256, "", "1577caf4e2cb4921991aa83810764504d37a3b36405309d48c21c3ec235b62b4"),
        (.sha256, "hello", "96cd43df27417f217c29336e65ecca3771d3469ad292fa3b245c2010edac4c6f"),
    ])
    func macOfAPlaintextStore(algorithm: StoreMAC.Algorithm, input: String, expected: String) throws {
        let mac = try StoreMAC(algorithm, plaintextStore: bytes("00112233445566778899aabbccddeeff"))
        #expect(mac(Array(input.utf8)).hex == expected)
    }
}
