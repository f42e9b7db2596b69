internal import Foundation

/// A lower estimate of how hard a passphrase is to guess. It judges what a person types, not what a generator makes:
/// repeats and runs ("aaa", "1234", "qwerty") count for little.
package struct PassphraseStrength: Sendable {
    /// log2 of the number of guesses.
    package let bits: Double

    /// What a new store asks for.
    package static let requiredBits = 80.0

    package var isSufficient: Bool { bits >= Self.requiredBits }

    package init(_ passphrase: [UInt8]) {
        let characters = Array(String(decoding: passphrase, as: UTF8.self).unicodeScalars)
        var pool = 0
        if characters.contains(where: { ("a"..."z").contains($0) }) { pool += 26 }
        if characters.contains(where: { ("A"..."Z").contains($0) }) { pool += 26 }
        if characters.contains(where: { ("0"..."9").contains($0) }) { pool += 10 }
        if characters.contains(where: { $0.isASCII && !Self.isAlphanumeric($0) }) { pool += 33 }
        if characters.contains(where: { !$0.isASCII }) { pool += 100 }
        bits = Double(Self.effectiveLength(characters)) * (pool > 0 ? Foundation.log2(Double(pool)) : 0)
    }

    private static func isAlphanumeric(_ character: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(character) || ("A"..."Z").contains(character) || ("0"..."9").contains(character)
    }

    private static let keyboardRows = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop", "qwertzuiop"].map {
        Array($0.unicodeScalars)
    }

    /// The number of characters that do not follow from the two before them. No character counts more than
    /// four times in all.
    private static func effectiveLength(_ characters: [Unicode.Scalar]) -> Int {
        var uses: [Unicode.Scalar: Int] = [:]
        var length = 0
        for (index, character) in characters.enumerated() {
            uses[character, default: 0] += 1
            let isForeseen = index >= 2 && continues(characters[index - 2], characters[index - 1], character)
            if !isForeseen, uses[character, default: 0] <= 4 { length += 1 }
        }
        return length
    }

    private static func continues(_ a: Unicode.Scalar, _ b: Unicode.Scalar, _ c: Unicode.Scalar) -> Bool {
        let (first, second) = (Int64(b.value) - Int64(a.value), Int64(c.value) - Int64(b.value))
        if first == second, (-1...1).contains(first) { return true }
        return keyboardRows.contains { row in
            guard let i = row.firstIndex(of: a), let j = row.firstIndex(of: b), let k = row.firstIndex(of: c) else {
                return false
            }
            return j - i == k - j && abs(j - i) == 1
        }
    }
}
