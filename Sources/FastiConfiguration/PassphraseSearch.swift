/// Where the passphrase of a store is looked for before anyone is asked (plakar command line, section 7): the key file
/// of the command line; `passphrase`, `passphrase_cmd`, `passphrase_file` of the store's entry; `FASTI_PASSPHRASE`;
/// `PLAKAR_PASSPHRASE`. An empty value counts as absent.
package struct PassphraseSearch: Sendable {
    package var keyFile: String?
    /// The keys of the store's entry.
    package var entry: [String: String]
    package var environment: [String: String]

    static let keys = ["passphrase", "passphrase_cmd", "passphrase_file"]

    package init(keyFile: String? = nil, entry: [String: String] = [:], environment: [String: String] = [:]) {
        self.keyFile = keyFile
        self.entry = entry
        self.environment = environment
    }

    /// A passphrase, and where it was found, in words that fit "the passphrase from ...".
    package struct Finding: Sendable {
        package let passphrase: [UInt8]
        package let origin: String
    }

    /// - Returns: nil when the user has to be asked.
    /// - Throws: when a place that was named cannot be read: nothing else is tried then.
    package func find() throws(ConfigurationError) -> Finding? {
        if let keyFile {
            guard let bytes = try PrivateFile.read(keyFile) else {
                throw ConfigurationError(.inputOutput, "The key file \(keyFile) does not exist.")
            }
            let passphrase = SecretReference.withoutFinalNewline(bytes)
            guard !passphrase.isEmpty else { throw ConfigurationError(.invalid, "The key file \(keyFile) is empty.") }
            return Finding(passphrase: passphrase, origin: "the key file \(keyFile)")
        }
        if let value = entry["passphrase"], !value.isEmpty {
            return Finding(passphrase: Array(value.utf8), origin: "the store's entry")
        }
        if let command = entry["passphrase_cmd"], !command.isEmpty {
            let line = try SecretReference.line(of: command, key: "passphrase_cmd")
            return Finding(passphrase: Array(line.utf8), origin: "passphrase_cmd of the store's entry")
        }
        if let path = entry["passphrase_file"], !path.isEmpty {
            let text = try SecretReference.content(of: path, key: "passphrase_file")
            guard !text.isEmpty else { throw ConfigurationError(.invalid, "The passphrase file \(path) is empty.") }
            return Finding(passphrase: Array(text.utf8), origin: "passphrase_file of the store's entry")
        }
        for variable in ["FASTI_PASSPHRASE", "PLAKAR_PASSPHRASE"] {
            if let value = environment[variable], !value.isEmpty {
                return Finding(passphrase: Array(value.utf8), origin: variable)
            }
        }
        return nil
    }
}
