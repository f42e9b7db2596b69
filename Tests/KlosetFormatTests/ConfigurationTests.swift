import ConnectorKit
import KlosetFormat
import Testing

@Suite struct ConfigurationTests {
    @Test func aNewEncryptedConfigurationHasTheSizeOfThePeers() throws {
        // 663 bytes wrapped, says the format, section 4.
        let wrapped = Wrapper.seal(.configuration, .v1_0_0, Samples.configuration.encoded()) { digest($0) }
        #expect(wrapped.count == 663)
        try Samples.configuration.validate()
        #expect(try StoreConfiguration(decoding: Samples.configuration.encoded()) == Samples.configuration)
    }

    @Test func otherDerivationsAreRead() throws {
        for derivation in [
            KeyDerivationParameters(algorithm: "SCRYPT", salt: Array(0..<16), scrypt: ScryptParameters()),
            KeyDerivationParameters(algorithm: "PBKDF2", salt: Array(0..<16), pbkdf2: PBKDF2Parameters()),
        ] {
            var configuration = Samples.configuration
            configuration.encryption?.keyDerivation = derivation
            try configuration.validate()
            #expect(try StoreConfiguration(decoding: configuration.encoded()) == configuration)
        }
    }

    @Test(arguments: [
        Argon2idParameters(memory: 2 << 20), Argon2idParameters(memory: .max), Argon2idParameters(passes: 65),
        Argon2idParameters(passes: 0), Argon2idParameters(lanes: 17), Argon2idParameters(lanes: 0),
        Argon2idParameters(keyLength: 16), Argon2idParameters(memory: 7),
        Argon2idParameters(passes: 64, memory: 1 << 20),
    ])
    func costsBeyondReasonAreRefused(parameters: Argon2idParameters) {
        var configuration = Samples.configuration
        configuration.encryption?.keyDerivation = .argon2id(salt: Array(0..<16), parameters)
        if parameters.lanes == 0 || parameters.passes == 0 || parameters.memory == 7 || parameters.keyLength == 16 {
            #expect(throws: FormatError.self) { try configuration.validate() }
        } else {
            #expect(throws: FormatError(.limitExceeded, "")) { try configuration.validate() }
        }
    }

    @Test func scryptAndPBKDF2AreBounded() {
        let salt = [UInt8](repeating: 1, count: 16)
        for bad in [
            ScryptParameters(cost: 1 << 40), ScryptParameters(cost: 3), ScryptParameters(cost: -8),
            ScryptParameters(cost: 0),
            ScryptParameters(cost: .min), ScryptParameters(blockSize: .max), ScryptParameters(blockSize: -1),
            ScryptParameters(cost: 1 << 20, blockSize: 64), ScryptParameters(parallelism: .max),
        ] {
            var configuration = Samples.configuration
            configuration.encryption?.keyDerivation = KeyDerivationParameters(
                algorithm: "SCRYPT", salt: salt, scrypt: bad)
            #expect(throws: FormatError.self, "\(bad)") { try configuration.validate() }
        }
        for bad in [
            PBKDF2Parameters(iterations: .max), PBKDF2Parameters(iterations: -1), PBKDF2Parameters(hashing: "MD5"),
        ] {
            var configuration = Samples.configuration
            configuration.encryption?.keyDerivation = KeyDerivationParameters(
                algorithm: "PBKDF2", salt: salt, pbkdf2: bad)
            #expect(throws: FormatError.self, "\(bad)") { try configuration.validate() }
        }
    }

    @Test func unknownAlgorithmsAreNamed() throws {
        var hashing = Samples.configuration
        hashing.hashing.algorithm = "MD5"
        var compression = Samples.configuration
        compression.compression?.algorithm = "BROTLI"
        var data = Samples.configuration
        data.encryption?.dataAlgorithm = "ROT13"
        var subkey = Samples.configuration
        subkey.encryption?.subkeyAlgorithm = "XOR"
        var derivation = Samples.configuration
        derivation.encryption?.keyDerivation.algorithm = "CRC32"
        for (configuration, name) in [
            (hashing, "MD5"), (compression, "BROTLI"), (data, "ROT13"), (subkey, "XOR"), (derivation, "CRC32"),
        ] {
            let error = try #require(throws: FormatError.self) { try configuration.validate() }
            #expect(error.code == .unsupported)
            #expect(error.reason.contains(name))
        }
    }

    @Test func sizesMustMakeSense() {
        var chunks = Samples.configuration
        chunks.chunking.minimumSize = chunks.chunking.maximumSize + 1
        var large = Samples.configuration
        large.chunking.maximumSize = .max
        var segments = Samples.configuration
        segments.encryption?.chunkSize = 0
        var canary = Samples.configuration
        canary.encryption?.canary = [UInt8](repeating: 0, count: 1 << 20)
        var salt = Samples.configuration
        salt.encryption?.keyDerivation.salt = []
        for bad in [chunks, large, segments, canary, salt] {
            #expect(throws: FormatError.self) { try bad.validate() }
        }
    }
}
