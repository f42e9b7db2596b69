package import ConnectorKit

/// Writes MessagePack exactly as the Go engine does (Kloset messages, sections 1.1 and 1.2): integers at the full
/// width of their declared type, everything else in the shortest form.
package struct MessagePackWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    mutating func reserveCapacity(_ count: Int) { bytes.reserveCapacity(count) }

    package mutating func write(_ value: UInt8) { write(0xCC, value) }
    package mutating func write(_ value: UInt16) { write(0xCD, value) }
    package mutating func write(_ value: UInt32) { write(0xCE, value) }
    package mutating func write(_ value: UInt64) { write(0xCF, value) }
    package mutating func write(_ value: Int8) { write(0xD0, value) }
    package mutating func write(_ value: Int16) { write(0xD1, value) }
    package mutating func write(_ value: Int32) { write(0xD2, value) }
    package mutating func write(_ value: Int64) { write(0xD3, value) }

    /// Go's plain `int`, the only number in a compact form.
    package mutating func writeCompact(_ value: Int) {
        switch value {
        case -32...127: bytes.append(UInt8(truncatingIfNeeded: value))
        case 128...0xFF: write(UInt8(value))
        case 0x100...0xFFFF: write(UInt16(value))
        case 0x1_0000...0xFFFF_FFFF: write(UInt32(value))
        case 0x1_0000_0000...: write(UInt64(value))
        case Int(Int8.min)...: write(Int8(value))
        case Int(Int16.min)...: write(Int16(value))
        case Int(Int32.min)...: write(Int32(value))
        default: write(Int64(value))
        }
    }

    package mutating func write(_ value: Double) { write(0xCB, value.bitPattern) }
    package mutating func write(_ value: Bool) { bytes.append(value ? 0xC3 : 0xC2) }
    package mutating func writeNil() { bytes.append(0xC0) }

    package mutating func writeString(_ value: [UInt8]) {
        switch value.count {
        case ...31: bytes.append(0xA0 | UInt8(value.count))
        case ...0xFF: write(0xD9, UInt8(value.count))
        case ...0xFFFF: write(0xDA, UInt16(value.count))
        default: write(0xDB, UInt32(clamping: value.count))
        }
        bytes.append(contentsOf: value)
    }

    /// A field's name, which is never longer than 31 bytes.
    package mutating func writeKey(_ name: StaticString) {
        bytes.append(0xA0 | UInt8(truncatingIfNeeded: name.utf8CodeUnitCount))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// Bytes that are there, be they none; for Go's nil slice use ``writeNil()``.
    package mutating func writeBinary(_ value: [UInt8]) {
        switch value.count {
        case ...0xFF: write(0xC4, UInt8(value.count))
        case ...0xFFFF: write(0xC5, UInt16(value.count))
        default: write(0xC6, UInt32(clamping: value.count))
        }
        bytes.append(contentsOf: value)
    }

    package mutating func write(_ mac: MAC) {
        write(0xC4, UInt8(32))
        bytes.append(mac)
    }

    package mutating func writeArrayHeader(_ count: Int) {
        switch count {
        case ...15: bytes.append(0x90 | UInt8(count))
        case ...0xFFFF: write(0xDC, UInt16(count))
        default: write(0xDD, UInt32(clamping: count))
        }
    }

    package mutating func writeMapHeader(_ count: Int) {
        switch count {
        case ...15: bytes.append(0x80 | UInt8(count))
        case ...0xFFFF: write(0xDE, UInt16(count))
        default: write(0xDF, UInt32(clamping: count))
        }
    }

    package mutating func write(_ time: Timestamp) {
        let seconds = UInt64(bitPattern: time.seconds)
        guard seconds >> 34 == 0 else {
            bytes.append(contentsOf: [0xC7, 12, 0xFF])
            appendBigEndian(time.nanoseconds)
            appendBigEndian(seconds)
            return
        }
        let both = UInt64(time.nanoseconds) << 34 | seconds
        if both <= UInt64(UInt32.max) {
            bytes.append(contentsOf: [0xD6, 0xFF])
            appendBigEndian(UInt32(both))
        } else {
            bytes.append(contentsOf: [0xD7, 0xFF])
            appendBigEndian(both)
        }
    }

    private mutating func write(_ head: UInt8, _ value: some FixedWidthInteger) {
        bytes.append(head)
        appendBigEndian(value)
    }

    private mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
