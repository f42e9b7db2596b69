/// A password for one device: 26 random letters and digits in groups, to be typed once and never remembered.
package struct GeneratedPassword: Sendable {
    package let text: String

    /// Without those that look alike. 32 of them, so that each gives five bits.
    private static let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789")

    package init() {
        var generator = SystemRandomNumberGenerator()
        var text = ""
        for position in 0..<26 {
            if position > 0, position % 5 == 0 { text.append("-") }
            text.append(Self.alphabet[Int.random(in: Self.alphabet.indices, using: &generator)])
        }
        self.text = text
    }
}
