/// One named place: its location and whatever else its connector has to know. All values are strings.
package struct Entry: Hashable, Sendable {
    package let name: String
    package private(set) var values: [String: String]

    /// The values may contain secrets.
    package init(name: String, values: [String: String]) {
        self.name = name
        self.values = values
    }

    /// Where it is, as the user wrote it; empty when the file has none.
    package var location: String { values["location"] ?? "" }

    /// The keys in the order in which people expect them: the location first, the others sorted.
    package var keys: [String] {
        values.keys.sorted { a, b in
            if (a == "location") != (b == "location") { return a == "location" }
            return a < b
        }
    }

    package subscript(key: String) -> String? { values[key] }

    /// - Throws: ``ConfigurationError/Code/invalid`` for a key or a value that cannot be stored.
    package mutating func set(_ key: String, to value: String) throws(ConfigurationError) {
        try Entry.validate(key: key)
        guard !value.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) else {
            throw ConfigurationError(.invalid, "The value of \"\(key)\" has more than one line.")
        }
        if key == "location", value.isEmpty {
            throw ConfigurationError(.invalid, "The location of \"\(name)\" cannot be empty.")
        }
        values[key] = value
    }

    /// - Throws: ``ConfigurationError/Code/invalid`` for the location, which every entry needs;
    ///   ``ConfigurationError/Code/notFound`` for a key that is not there.
    package mutating func unset(_ key: String) throws(ConfigurationError) {
        guard key != "location" else {
            throw ConfigurationError(
                .invalid, "The location of \"\(name)\" cannot be removed.", advice: "Change it, or remove the entry.")
        }
        guard values.removeValue(forKey: key) != nil else {
            throw ConfigurationError(.notFound, "\"\(name)\" has no key \"\(key)\".")
        }
    }

    /// The name an entry is stored under for what a person typed: `@work` and `work` are the same.
    package static func canonicalName(_ text: String) throws(ConfigurationError) -> String {
        let name = text.hasPrefix("@") ? String(text.dropFirst()) : text
        let isSound =
            !name.isEmpty && name.utf8.count <= 128 && !name.hasPrefix("-") && !name.hasPrefix(".")
            && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !"/:=@".utf8.contains($0) }
        guard isSound else {
            throw ConfigurationError(
                .invalid, "\"\(name)\" cannot be the name of an entry.",
                advice: "Use up to 128 letters, digits, \"-\", \"_\" or \".\", beginning with a letter or a digit.")
        }
        return name
    }

    private static func validate(key: String) throws(ConfigurationError) {
        let isSound =
            !key.isEmpty && key.utf8.count <= 128
            && key.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
        guard isSound else {
            throw ConfigurationError(
                .invalid, "\"\(key)\" cannot be the name of a key.",
                advice: "Keys are made of letters, digits, \"_\", \"-\" and \".\".")
        }
    }
}
