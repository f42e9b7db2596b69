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
            passphrase: Array("passwordPASSWORDpassword".utf8),
            salt: Array("saltSALTsaltSALTsaltSALTsaltSALTsalt".utf8),
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

    /// The CONFIG of a plaintext store that the Go engine made, and what its key gives.
    @Test func opensARealConfiguration() async throws {
        let file = bytes(
            """
            5f4b4c4f5345545f010000000000010087a954696d657374616d70d7ff1cc7a33c6b01238cac5265706f7369746f72794944c4101d2120bc647249
            78be494d62c8eabc45a85061636b66696c6583a74d696e53697a65cf0000000000000000a741766753697a65cf0000000000000000a74d61785369
            7a65cf0000000004000000a84368756e6b696e6784a9416c676f726974686dae666173746364632d76312e302e30a74d696e53697a65ce00080000
            aa4e6f726d616c53697a65ce00100000a74d617853697a65ce00800000a748617368696e6782a9416c676f726974686da6424c414b4533a4426974
            73ce00000100ab436f6d7072657373696f6e86a9416c676f726974686da34c5a34a54c6576656cce00020000aa57696e646f7753697a65ffa94368
            756e6b53697a65ffa9426c6f636b53697a65ffa9456e61626c65435243c2aa456e6372797074696f6ec03cece467e3d86651f40e4015fb2a4cabba
            f81282d4774b76617d7df110d893ae
            """)
        #expect(file.count == 369)
        let store = MemoryStore()
        try await store.create(configuration: file)
        let repository = try await LockedRepository.read(store).unlock(passphrase: nil)
        #expect(repository.identifier.description == "1d2120bc-6472-4978-be49-4d62c8eabc45")
        #expect(!repository.isEncrypted)
        let mac = try StoreMAC(.blake3, plaintextStore: repository.identifier.bytes)
        #expect(mac([]).hex == "64f1e78d1c81f6865d24e4e30db66654954083d827b4e8af52a14723b948cacb")
    }
}
