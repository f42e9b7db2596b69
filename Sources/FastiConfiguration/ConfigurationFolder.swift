/// The folder that holds `sources.yml`, `destinations.yml`, `stores.yml` and what else a user sets up.
package struct ConfigurationFolder: Hashable, Sendable {
    package let path: String

    /// - Parameter path: absolute, or relative to the working folder. It need not exist.
    package init(path: String) { self.path = path }

    /// The folder named on the command line, else `$XDG_CONFIG_HOME/fasti`, else `~/.config/fasti`.
    ///
    /// - Throws: ``ConfigurationError/Code/notFound`` when there is not even a home folder.
    package static func locate(
        explicit: String?, environment: [String: String]
    ) throws(ConfigurationError) -> ConfigurationFolder {
        if let explicit { return ConfigurationFolder(path: explicit) }
        // The XDG specification has relative paths ignored.
        if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") {
            return ConfigurationFolder(path: "\(base)/fasti")
        }
        guard let home = environment["HOME"], !home.isEmpty else {
            throw ConfigurationError(
                .notFound, "There is no home folder to keep the configuration in.",
                advice: "Set HOME, or name a folder with --configdir.")
        }
        return ConfigurationFolder(path: "\(home)/.config/fasti")
    }

    /// The entries of one kind; an absent file has none.
    package func read(_ kind: EntryKind) throws(ConfigurationError) -> EntryFile {
        // The newest form first; the others are what plakar wrote over the years.
        let candidates = kind == .store ? [kind.fileName, "klosets.yml", "plakar.yml"] : [kind.fileName, "plakar.yml"]
        for name in candidates {
            guard let bytes = try PrivateFile.read("\(path)/\(name)") else { continue }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw ConfigurationError(.damaged, "\(path)/\(name) is not UTF-8 text.")
            }
            return try EntryFile(kind: kind, parsing: text, fileName: name)
        }
        return EntryFile(kind: kind)
    }

    /// Changes the entries of one kind: concurrent edits wait for each other, and either the whole new file is in
    /// place and durable when this returns, or nothing has changed.
    package func edit<Result>(
        _ kind: EntryKind, _ change: (inout EntryFile) throws(ConfigurationError) -> Result
    ) throws(ConfigurationError) -> Result {
        try PrivateFile.createFolder(path)
        let lock = try FileLock(path: "\(path)/.lock")
        defer { lock.release() }
        let before = try read(kind)
        var file = before
        let result = try change(&file)
        if file != before {
            try PrivateFile.write(Array(file.yaml().utf8), to: "\(path)/\(kind.fileName)")
        }
        return result
    }
}
