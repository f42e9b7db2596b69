/// Secrets by reference: instead of `KEY` an entry may have `KEY_cmd`, a command that prints the secret, or `KEY_file`,
/// a file that holds it, so that the secret itself is in no configuration file.
package enum SecretReference {
    /// The values of an entry with every reference replaced by what it refers to.
    ///
    /// Only keys that ``SecretKeys`` knows are looked at: `ignore_file` stays what it is.
    ///
    /// - Throws: ``ConfigurationError/Code/invalid`` when a secret is given twice,
    ///   ``ConfigurationError/Code/commandFailed``, ``ConfigurationError/Code/inputOutput``.
    package static func resolve(_ values: [String: String]) throws(ConfigurationError) -> [String: String] {
        var result = values
        for key in values.keys.sorted() {
            for suffix in ["_cmd", "_file"] where key.hasSuffix(suffix) {
                let secret = String(key.dropLast(suffix.count))
                guard SecretKeys.contains(secret), let value = values[key] else { continue }
                guard result[secret] == nil else {
                    throw ConfigurationError(.invalid, "\"\(secret)\" is given twice, also by \"\(key)\".")
                }
                result[key] = nil
                result[secret] = suffix == "_cmd" ? try line(of: value, key: key) : try content(of: value, key: key)
            }
        }
        return result
    }

    /// The only line that a command prints.
    static func line(of command: String, key: String) throws(ConfigurationError) -> String {
        try ShellCommand(text: command, key: key).line()
    }

    /// The content of a file without the newline at its end.
    static func content(of path: String, key: String) throws(ConfigurationError) -> String {
        guard let bytes = try PrivateFile.read(path) else {
            throw ConfigurationError(.inputOutput, "The file under \"\(key)\", \(path), does not exist.")
        }
        guard let text = String(validating: withoutFinalNewline(bytes), as: UTF8.self) else {
            throw ConfigurationError(.inputOutput, "The file under \"\(key)\", \(path), is not UTF-8 text.")
        }
        return text
    }

    static func withoutFinalNewline(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        return bytes
    }
}
