import Crypto

/// The name of a git object: the SHA-1 of its kind, size and content. 20 bytes.
package struct ObjectID: Sendable {
    // Three words instead of an array: comparing and hashing touch no heap.
    private let high: UInt64
    private let middle: UInt64
    private let low: UInt32

    package static let byteCount = 20
    /// All zero: git's spelling of "no object", as in the first line of a reflog.
    package static let zero = ObjectID(high: 0, middle: 0, low: 0)

    private init(high: UInt64, middle: UInt64, low: UInt32) {
        self.high = high
        self.middle = middle
        self.low = low
    }

    /// Twenty bytes, most significant first; nil when there are not exactly twenty.
    package init?(bytes: some Collection<UInt8>) {
        let known = bytes.withContiguousStorageIfAvailable { ObjectID(buffer: UnsafeRawBufferPointer($0)) }
        guard let id = known ?? Array(bytes).withUnsafeBytes({ ObjectID(buffer: $0) }) else { return nil }
        self = id
    }

    /// The same, of bytes where they lie.
    package init?(buffer: UnsafeRawBufferPointer) {
        guard buffer.count == Self.byteCount else { return nil }
        self.init(
            high: UInt64(bigEndian: buffer.loadUnaligned(as: UInt64.self)),
            middle: UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            low: UInt32(bigEndian: buffer.loadUnaligned(fromByteOffset: 16, as: UInt32.self)))
    }

    /// Forty hexadecimal digits of either case; nil for anything else.
    package init?(hex: some StringProtocol) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        var pending: UInt8?
        for digit in hex.utf8 {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit - UInt8(ascii: "A") + 10
            default: return nil
            }
            if let first = pending {
                bytes.append(first << 4 | value)
                pending = nil
            } else {
                pending = value
            }
            if bytes.count > Self.byteCount { return nil }
        }
        guard pending == nil else { return nil }
        self.init(bytes: bytes)
    }

    /// The name an object of this kind and content has.
    package init(hashing content: [UInt8], as kind: ObjectKind) {
        var hasher = Insecure.SHA1()
        hasher.update(data: kind.header(size: content.count))
        hasher.update(data: content)
        self.init(digest: hasher.finalize())
    }

    init(digest: Insecure.SHA1Digest) {
        self = digest.withUnsafeBytes { ObjectID(buffer: $0) } ?? .zero
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        append(to: &bytes)
        return bytes
    }

    /// The most significant byte: the place in the fan-out table of a pack index.
    var firstByte: Int { Int(high >> 56) }

    package func append(to bytes: inout [UInt8]) {
        withUnsafeBytes(of: high.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: middle.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: low.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Forty lower-case hexadecimal digits.
    package var hex: String {
        String(unsafeUninitializedCapacity: Self.byteCount * 2) { buffer in
            var position = 0
            forEachHexDigit { digit in
                buffer[position] = digit
                position += 1
            }
            return position
        }
    }

    /// The same, without a string.
    package func appendHex(to text: inout [UInt8]) { forEachHexDigit { text.append($0) } }

    private func forEachHexDigit(_ body: (UInt8) -> Void) {
        func digits(of word: UInt64, from start: Int) {
            var shift = start
            while shift >= 0 {
                let value = UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 15
                body(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10)
                shift -= 4
            }
        }
        digits(of: high, from: 60)
        digits(of: middle, from: 60)
        digits(of: UInt64(low), from: 28)
    }
}

extension ObjectID: Hashable {}

extension ObjectID: Comparable {
    /// In the order of their bytes, as pack indexes sort them.
    package static func < (a: ObjectID, b: ObjectID) -> Bool {
        (a.high, a.middle, a.low) < (b.high, b.middle, b.low)
    }
}

extension ObjectID: CustomStringConvertible {
    package var description: String { hex }
}
