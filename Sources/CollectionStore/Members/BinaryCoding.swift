import GitObjects

/// Little-endian numbers and counted bytes, as the journal and the index file have them.
struct BinaryWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write<T: FixedWidthInteger>(_ value: T) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func write(_ id: ObjectID) { id.append(to: &bytes) }

    /// With a 32-bit count in front.
    mutating func write(counted content: some Collection<UInt8>) {
        write(UInt32(clamping: content.count))
        bytes.append(contentsOf: content)
    }

    mutating func write(_ text: String) { write(counted: text.utf8) }

    mutating func write(_ text: String?) {
        write(text == nil ? UInt8(0) : 1)
        if let text { write(text) }
    }

    mutating func append(_ other: [UInt8]) { bytes.append(contentsOf: other) }
}

/// Reads what `BinaryWriter` wrote; nil past the end, as files may be cut off or damaged.
struct BinaryReader {
    private let bytes: [UInt8]
    private(set) var position: Int
    private let end: Int

    init(_ bytes: [UInt8], _ range: Range<Int>? = nil) {
        self.bytes = bytes
        position = range?.lowerBound ?? 0
        end = range?.upperBound ?? bytes.count
    }

    var remaining: Int { end - position }

    mutating func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T? {
        let size = MemoryLayout<T>.size
        guard remaining >= size else { return nil }
        defer { position += size }
        return bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: T.self)) }
    }

    mutating func objectID() -> ObjectID? {
        guard remaining >= ObjectID.byteCount else { return nil }
        defer { position += ObjectID.byteCount }
        return bytes.withUnsafeBytes {
            ObjectID(buffer: UnsafeRawBufferPointer(rebasing: $0[position..<(position + ObjectID.byteCount)]))
        }
    }

    mutating func counted() -> ArraySlice<UInt8>? {
        guard let count = integer(UInt32.self), Int(count) <= remaining else { return nil }
        defer { position += Int(count) }
        return bytes[position..<(position + Int(count))]
    }

    mutating func text() -> String? { counted().flatMap { String(validating: $0, as: UTF8.self) } }

    /// Outer nil: damaged. Inner nil: there was none.
    mutating func optionalText() -> String?? {
        switch integer(UInt8.self) {
        case 0: .some(nil)
        case 1: text().map { .some($0) }
        default: nil
        }
    }
}
