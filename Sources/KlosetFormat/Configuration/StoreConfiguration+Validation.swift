extension StoreConfiguration {
    /// Checks everything that is used before the configuration can be authenticated: the derivation of the key
    /// happens on the word of whoever wrote the file (Kloset format, section 4.3).
    ///
    /// - Throws: `FormatError` with `unsupported` for an unknown algorithm, `limitExceeded` for numbers that would
    ///   cost more than a gibibyte of memory or minutes of time, `malformed` for what cannot be.
    package func validate() throws(FormatError) {
        guard hashing == .blake3 || hashing == .sha256 else {
            throw unsupported("hashing", "\(hashing.algorithm) of \(hashing.bits) bits")
        }
        if let algorithm = compression?.algorithm, !["LZ4", "GZIP", "ZSTD"].contains(algorithm) {
            throw unsupported("compression", "\(algorithm)")
        }
        try chunking.validate()
        try encryption?.validate()
    }
}

extension ChunkingParameters {
    /// Sizes must be ordered, and a chunk must be something a reader may hold in memory (256 MiB).
    func validate() throws(FormatError) {
        guard minimumSize > 0, minimumSize <= normalSize, normalSize <= maximumSize else {
            throw FormatError(.malformed, "Chunk sizes \(minimumSize), \(normalSize), \(maximumSize) are not ordered.")
        }
        guard maximumSize <= 256 << 20 else {
            throw FormatError(.limitExceeded, "Chunks of up to \(maximumSize) bytes are larger than 256 MiB.")
        }
    }
}

extension EncryptionParameters {
    func validate() throws(FormatError) {
        guard dataAlgorithm == "AES256-GCM-SIV" else { throw unsupported("encryption", "\(dataAlgorithm)") }
        guard subkeyAlgorithm == "AES256-KW" || subkeyAlgorithm == "AES256-GCM" else {
            throw unsupported("key wrapping", "\(subkeyAlgorithm)")
        }
        // One segment is held in memory as a whole.
        guard (1...64 << 20).contains(chunkSize) else {
            throw FormatError(.limitExceeded, "Encryption segments of \(chunkSize) bytes are beyond 1 ... 64 MiB.")
        }
        guard canary.count <= 4096 else {
            throw FormatError(.limitExceeded, "The canary has \(canary.count) bytes.")
        }
        try keyDerivation.validate()
    }
}

extension KeyDerivationParameters {
    /// Memory at most 1 GiB, work at most some minutes of one core, a key of 32 bytes.
    func validate() throws(FormatError) {
        guard (8...1024).contains(salt.count) else {
            throw FormatError(.malformed, "The salt has \(salt.count) bytes.")
        }
        switch algorithm {
        case "ARGON2ID":
            guard let argon2id else { throw missing() }
            try argon2id.validate()
        case "SCRYPT":
            guard let scrypt else { throw missing() }
            try scrypt.validate()
        case "PBKDF2":
            guard let pbkdf2 else { throw missing() }
            try pbkdf2.validate()
        default:
            throw unsupported("key derivation", "\(algorithm)")
        }
    }

    private func missing() -> FormatError {
        FormatError(.malformed, "There are no parameters for the key derivation \(algorithm).")
    }
}

extension Argon2idParameters {
    /// 64 passes over 256 MiB are four times RFC 9106's first choice; no honest store needs more work than that.
    func validate() throws(FormatError) {
        try check("memory (KiB)", UInt64(memory), in: 8 * max(UInt64(lanes), 1)...1 << 20)
        try check("passes", UInt64(passes), in: 1...64)
        try check("lanes", UInt64(lanes), in: 1...16)
        try check("key length", UInt64(keyLength), in: 32...32)
        try check("passes times memory (KiB)", UInt64(passes) * UInt64(memory), in: 1...64 << 18)
    }
}

extension ScryptParameters {
    func validate() throws(FormatError) {
        guard cost > 1, cost.nonzeroBitCount == 1 else {
            throw FormatError(.malformed, "The scrypt cost \(cost) is no power of two above 1.")
        }
        try check("scrypt cost", UInt64(cost), in: 2...1 << 24)
        try check("scrypt block size", UInt64(clamping: blockSize), in: 1...1024)
        try check("scrypt parallelism", UInt64(clamping: parallelism), in: 1...64)
        try check("scrypt memory", UInt64(cost) * UInt64(blockSize) * 128, in: 1...1 << 30)
        try check("key length", UInt64(clamping: keyLength), in: 32...32)
    }
}

extension PBKDF2Parameters {
    func validate() throws(FormatError) {
        guard hashing == "SHA256" else { throw unsupported("PBKDF2 hash", "\(hashing)") }
        try check("iterations", UInt64(clamping: iterations), in: 1...20_000_000)
        try check("key length", UInt64(clamping: keyLength), in: 32...32)
    }
}

private func check(_ name: String, _ value: UInt64, in range: ClosedRange<UInt64>) throws(FormatError) {
    guard range.contains(value) else {
        throw FormatError(
            .limitExceeded,
            "The key derivation's \(name) is \(value), beyond \(range.lowerBound) ... \(range.upperBound).")
    }
}

private func unsupported(_ what: String, _ name: String) -> FormatError {
    FormatError(
        .unsupported, "The store uses an unknown \(what): \(name).", advice: "Use a newer version of this program.")
}
