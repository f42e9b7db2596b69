import ContentLines

/// Reads numbers and fixed letters from a value, one after the other.
struct ValueReader {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skipByte() { rest = rest.dropFirst() }

    /// Exactly that many decimal digits.
    mutating func number(digits: Int) -> Int? {
        guard rest.count >= digits else { return nil }
        var number = 0
        for byte in rest.prefix(digits) {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            number = number * 10 + Int(digit)
        }
        rest = rest.dropFirst(digits)
        return number
    }

    /// One to nine decimal digits.
    mutating func number() -> Int? {
        var number = 0
        var count = 0
        while let byte = rest.first, byte &- UInt8(ascii: "0") < 10 {
            guard count < 9 else { return nil }
            number = number * 10 + Int(byte &- UInt8(ascii: "0"))
            count += 1
            rest = rest.dropFirst()
        }
        return count > 0 ? number : nil
    }

    /// An optional sign and one to nine decimal digits.
    mutating func signedNumber() -> Int? {
        let isNegative = skip("-")
        if !isNegative { _ = skip("+") }
        return number().map { isNegative ? -$0 : $0 }
    }

    /// Goes past that letter, in either case, when it comes next.
    mutating func skip(_ letter: Unicode.Scalar) -> Bool {
        guard let byte = rest.first, ASCII.uppercased(byte) == UInt8(truncatingIfNeeded: letter.value) else {
            return false
        }
        rest = rest.dropFirst()
        return true
    }
}

extension ArraySlice<UInt8> {
    var trimmingBlanks: ArraySlice<UInt8> {
        var trimmed = self
        while let first = trimmed.first, first == 0x20 || first == 0x09 { trimmed.removeFirst() }
        while let last = trimmed.last, last == 0x20 || last == 0x09 { trimmed.removeLast() }
        return trimmed
    }
}
