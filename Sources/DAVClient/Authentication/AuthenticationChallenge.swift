/// What a server says it takes, in a WWW-Authenticate field (RFC 9110, section 11.6.1).
package struct AuthenticationChallenge: Hashable, Sendable {
    /// In lower case.
    package let scheme: String
    /// Names in lower case.
    package let parameters: [String: String]

    /// Every challenge of an answer, in order. What cannot be read is left out.
    package static func all(in values: [String]) -> [AuthenticationChallenge] {
        values.prefix(16).flatMap { value in
            var scanner = Scanner(text: Array(value.utf8.prefix(16 << 10)))
            return scanner.challenges()
        }
    }

    /// One field may hold several challenges, and their parameters are separated by commas as well.
    private struct Scanner {
        let text: [UInt8]
        var index = 0

        mutating func challenges() -> [AuthenticationChallenge] {
            var found: [(scheme: String, parameters: [String: String])] = []
            while index < text.count {
                skip(" \t,")
                guard let word = token() else { break }
                skip(" \t")
                if peek("="), let last = found.indices.last {
                    index += 1
                    skip(" \t")
                    found[last].parameters[word.lowercased()] = peek("\"") ? quoted() : token() ?? ""
                } else {
                    found.append((word.lowercased(), [:]))
                    skipToken68()
                }
            }
            return found.map { AuthenticationChallenge(scheme: $0.scheme, parameters: $0.parameters) }
        }

        private func peek(_ character: Character) -> Bool { index < text.count && text[index] == character.asciiValue }

        private mutating func skip(_ characters: String) {
            while index < text.count, characters.utf8.contains(text[index]) { index += 1 }
        }

        private mutating func token() -> String? {
            let start = index
            while index < text.count, !" \t,=\"".utf8.contains(text[index]) { index += 1 }
            return start < index ? String(decoding: text[start..<index], as: UTF8.self) : nil
        }

        private mutating func quoted() -> String {
            index += 1
            var bytes: [UInt8] = []
            while index < text.count, text[index] != UInt8(ascii: "\"") {
                if text[index] == UInt8(ascii: "\\"), index + 1 < text.count { index += 1 }
                bytes.append(text[index])
                index += 1
            }
            index += 1
            return String(decoding: bytes, as: UTF8.self)
        }

        /// `Negotiate YII...=`: credentials of one word instead of parameters.
        private mutating func skipToken68() {
            let start = index
            while index < text.count, !" \t,=".utf8.contains(text[index]) { index += 1 }
            let end = index
            skip("=")
            let isParameter = index == end + 1 && index < text.count && !" \t,".utf8.contains(text[index])
            if isParameter || index == end { index = start }
        }
    }
}
