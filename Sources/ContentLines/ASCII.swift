/// Caseless comparison of names: property, parameter and component names are ASCII (RFC 5545 2, RFC 6350 3.3).
package enum ASCII {
    @inline(__always)
    package static func uppercased(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "a") < 26 ? byte &- 32 : byte
    }

    package static func equalsIgnoringCase(_ bytes: ArraySlice<UInt8>, _ other: StaticString) -> Bool {
        guard other.hasPointerRepresentation, bytes.count == other.utf8CodeUnitCount else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            for offset in 0..<bytes.count
            where uppercased(bytes[offset]) != uppercased(other.utf8Start[offset]) { return false }
            return true
        }
    }

    package static func equalsIgnoringCase(_ bytes: ArraySlice<UInt8>, bytes other: some Collection<UInt8>) -> Bool {
        bytes.count == other.count && zip(bytes, other).allSatisfy { uppercased($0) == uppercased($1) }
    }

    package static func uppercasedString(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.lazy.map(uppercased), as: UTF8.self)
    }
}
