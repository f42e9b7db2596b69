package import Crypto

/// The encryption of a Kloset store (format, section 6.2): a fresh subkey, wrapped under the master key, and then
/// the plaintext in sealed segments.
///
/// The segments carry neither a counter nor an end mark. That whole segments were dropped or swapped is not noticed
/// here but by the digest of what the stream holds, which every reader must check.
package struct SegmentStream: Sendable {
    /// How the subkey at the head of a stream is protected.
    package enum SubkeyWrapping: Sendable {
        /// RFC 3394; what every writer uses.
        case keyWrap
        /// AES-256-GCM; only ever read.
        case gcm

        /// Bytes at the head of the stream.
        package var headLength: Int {
            switch self {
            case .keyWrap: 40
            case .gcm: 60
            }
        }
    }

    package let masterKey: SymmetricKey
    package let wrapping: SubkeyWrapping
    /// Plaintext bytes of every segment but the last.
    package let segmentLength: Int

    package init(masterKey: SymmetricKey, wrapping: SubkeyWrapping = .keyWrap, segmentLength: Int = 65_536) {
        self.masterKey = masterKey
        self.wrapping = wrapping
        self.segmentLength = segmentLength
    }

    /// Encrypts under a fresh subkey. Empty plaintext has no segment: the stream is its head alone.
    package func seal(_ plaintext: [UInt8]) throws -> [UInt8] {
        let segments = (plaintext.count + segmentLength - 1) / segmentLength
        var output: [UInt8] = []
        output.reserveCapacity(
            SubkeyWrapping.keyWrap.headLength + plaintext.count + segments * AESGCMSIV.overhead)
        try seal(plaintext[...], into: &output)
        return output
    }

    /// Appends the encrypted form of `plaintext` to `output`; see ``seal(_:)``.
    func seal(_ plaintext: ArraySlice<UInt8>, into output: inout [UInt8]) throws {
        let subkey = SymmetricKey(data: RandomBytes.shared.next(32))
        output.append(contentsOf: try AES.KeyWrap.wrap(subkey, using: masterKey))
        let cipher = AESGCMSIV(key: subkey)
        var position = plaintext.startIndex
        while position < plaintext.endIndex {
            let end = min(position + segmentLength, plaintext.endIndex)
            try cipher.seal(plaintext[position..<end], nonce: RandomBytes.shared.next(12), into: &output)
            position = end
        }
    }

    /// Decrypts a whole stream.
    ///
    /// - Throws: ``KlosetError/Code/corrupt`` when the head or a segment does not open under the master key.
    package func open(_ stream: [UInt8]) throws(KlosetError) -> [UInt8] {
        var output: [UInt8] = []
        try open(stream[...], into: &output)
        return output
    }

    /// Appends the plaintext of a whole stream to `output`; see ``open(_:)``.
    func open(_ stream: ArraySlice<UInt8>, into output: inout [UInt8]) throws(KlosetError) {
        let subkey = try unwrapSubkey(stream)
        let cipher = AESGCMSIV(key: subkey)
        output.reserveCapacity(output.count + stream.count - wrapping.headLength)
        var position = stream.startIndex + wrapping.headLength
        while position < stream.endIndex {
            let end = min(position + segmentLength + AESGCMSIV.overhead, stream.endIndex)
            do {
                try cipher.open(stream[position..<end], into: &output)
            } catch {
                throw KlosetError(.corrupt, "the encrypted data does not open at byte \(position - stream.startIndex)")
            }
            position = end
        }
    }

    private func unwrapSubkey(_ stream: ArraySlice<UInt8>) throws(KlosetError) -> SymmetricKey {
        guard stream.count >= wrapping.headLength else {
            throw KlosetError(.corrupt, "the encrypted data ends within its key")
        }
        let head = stream.prefix(wrapping.headLength)
        do {
            switch wrapping {
            case .keyWrap:
                return try AES.KeyWrap.unwrap(head, using: masterKey)
            case .gcm:
                return SymmetricKey(data: try AES.GCM.open(AES.GCM.SealedBox(combined: head), using: masterKey))
            }
        } catch {
            throw KlosetError(.corrupt, "the key of the encrypted data does not open")
        }
    }
}
