/// A pattern for one name: `*`, `?`, `[a-z]`, `[!a-z]`, and `\` before a character that is meant as it is.
///
/// `?` and sets stand for one character of UTF-8; bytes that are no UTF-8 count as a character each.
package struct Glob: Hashable, Sendable {
    private enum Token: Hashable, Sendable {
        case literal(UInt32)
        case any
        case many
        case set([ClosedRange<UInt32>], isInverted: Bool)
    }

    private let tokens: [Token]
    /// The bytes to compare with, when nothing in the pattern is special.
    private let literal: [UInt8]?

    /// A set that is not closed stands for itself.
    package init(_ pattern: [UInt8]) {
        let units = Self.units(pattern)
        var tokens: [Token] = []
        var index = 0
        while index < units.count {
            let unit = units[index]
            index += 1
            switch unit {
            case 0x2A: if tokens.last != .many { tokens.append(.many) }
            case 0x3F: tokens.append(.any)
            case 0x5C where index < units.count:
                tokens.append(.literal(units[index]))
                index += 1
            case 0x5B:
                if let (set, end) = Self.set(units, from: index) {
                    tokens.append(set)
                    index = end
                } else {
                    tokens.append(.literal(unit))
                }
            default: tokens.append(.literal(unit))
            }
        }
        self.tokens = tokens
        let special: Set<UInt8> = [0x2A, 0x3F, 0x5B, 0x5C]
        literal = pattern.contains(where: special.contains) ? nil : pattern
    }

    package init(_ pattern: String) { self.init(Array(pattern.utf8)) }

    private static func set(_ units: [UInt32], from start: Int) -> (Token, Int)? {
        var index = start
        var ranges: [ClosedRange<UInt32>] = []
        let isInverted = index < units.count && (units[index] == 0x21 || units[index] == 0x5E)
        if isInverted { index += 1 }
        let first = index
        while index < units.count {
            if units[index] == 0x5D, index > first { return (.set(ranges, isInverted: isInverted), index + 1) }
            if units[index] == 0x5C, index + 1 < units.count { index += 1 }
            let low = units[index]
            if index + 2 < units.count, units[index + 1] == 0x2D, units[index + 2] != 0x5D {
                let high = units[index + 2]
                if low <= high { ranges.append(low...high) }
                index += 3
            } else {
                ranges.append(low...low)
                index += 1
            }
        }
        return nil
    }

    /// Characters, and bytes that are none beyond all characters.
    private static func units(_ bytes: [UInt8]) -> [UInt32] {
        if bytes.allSatisfy({ $0 < 0x80 }) { return bytes.map(UInt32.init) }
        if let text = String(validating: bytes, as: UTF8.self) { return text.unicodeScalars.map(\.value) }
        return bytes.map { $0 < 0x80 ? UInt32($0) : 0x11_0000 + UInt32($0) }
    }

    /// Whether the whole name fits. The work is at most the product of both lengths.
    package func matches(_ name: [UInt8]) -> Bool {
        if let literal { return literal == name }
        let units = Self.units(name)
        var (token, unit) = (0, 0)
        var retry: (token: Int, unit: Int)?
        while unit < units.count {
            if token < tokens.count, tokens[token] == .many {
                retry = (token + 1, unit)
                token += 1
            } else if token < tokens.count, Self.fits(tokens[token], units[unit]) {
                token += 1
                unit += 1
            } else if let last = retry {
                retry = (last.token, last.unit + 1)
                (token, unit) = (last.token, last.unit + 1)
            } else {
                return false
            }
        }
        return tokens[token...].allSatisfy { $0 == .many }
    }

    private static func fits(_ token: Token, _ unit: UInt32) -> Bool {
        switch token {
        case .literal(let value): value == unit
        case .any: true
        case .many: false
        case .set(let ranges, let isInverted): ranges.contains { $0.contains(unit) } != isInverted
        }
    }
}
