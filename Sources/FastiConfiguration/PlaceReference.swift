package import ConnectorKit

/// A place as it is named on the command line: `@NAME`, `@NAME:OVERRIDE`, or a plain location
/// (plakar command line, section 5).
package enum PlaceReference: Hashable, Sendable {
    case plain(String)
    case named(String, override: String?)

    /// - Throws: ``ConfigurationError/Code/invalid`` for an empty text and for `@` without a name.
    package init(_ text: String) throws(ConfigurationError) {
        guard text.hasPrefix("@") else {
            guard !text.isEmpty else { throw ConfigurationError(.invalid, "A location cannot be empty.") }
            self = .plain(text)
            return
        }
        let parts = text.dropFirst().split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = try Entry.canonicalName(parts.first.map(String.init) ?? "")
        self = .named(name, override: parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : nil)
    }
}

/// A place with everything its entry says about it.
package struct ResolvedPlace: Hashable, Sendable {
    /// The entry it comes from; nil for a plain location.
    package let name: String?
    package let location: Location
    /// Every key of the entry but the location. Secrets may still be references.
    package let values: [String: String]
    /// Where its connector may keep what it must remember of the account.
    package let stateDirectory: String

    /// What its connector is built from, with all secrets fetched; this may run commands of the user's.
    ///
    /// - Parameter options: keys given on the command line, which win.
    package func configuration(
        options: [String: String] = [:], workingDirectory: String
    ) throws(ConfigurationError) -> ConnectorConfiguration {
        var values = values
        for (key, value) in options {
            // A secret on the command line replaces a reference to it in the entry, and the other way round.
            for related in [key, "\(key)_cmd", "\(key)_file"] { values[related] = nil }
            for suffix in ["_cmd", "_file"] where key.hasSuffix(suffix) {
                values[String(key.dropLast(suffix.count))] = nil
            }
            values[key] = value
        }
        // The passphrase is no business of the connector.
        for key in PassphraseSearch.keys { values[key] = nil }
        return ConnectorConfiguration(
            location: location, options: try SecretReference.resolve(values), workingDirectory: workingDirectory,
            stateDirectory: stateDirectory.hasPrefix("/") ? stateDirectory : "\(workingDirectory)/\(stateDirectory)")
    }
}

extension ConfigurationFolder {
    /// Looks a place up.
    ///
    /// - Parameter allowsOverride: whether `@NAME:OVERRIDE` has a meaning, which only stores give it.
    package func resolve(
        _ reference: PlaceReference, kind: EntryKind, environment: [String: String]
    ) throws(ConfigurationError) -> ResolvedPlace {
        switch reference {
        case .plain(let text):
            return ResolvedPlace(name: nil, location: Location(text), values: [:], stateDirectory: "\(path)/accounts")
        case .named(let name, let override):
            guard override == nil || kind == .store else {
                throw ConfigurationError(.invalid, "\"@\(name)\" takes no path: only stores do.")
            }
            let entry = try entry(name, kind)
            guard !entry.location.isEmpty else {
                throw ConfigurationError(
                    .damaged, "The \(kind.rawValue) \"\(name)\" has no location.",
                    advice: "Set one: fasti \(kind.rawValue) set \(name) location=...")
            }
            var location = Location(entry.location)
            if location.scheme == "fs", location.rest.hasPrefix("~/"), let home = environment["HOME"] {
                location = Location(scheme: "fs", rest: home + location.rest.dropFirst())
            }
            if let override { location = location.overridden(by: override) }
            var values: [String: String] = [:]
            for key in entry.keys where key != "location" { values[key] = entry[key] }
            return ResolvedPlace(
                name: name, location: location, values: values, stateDirectory: "\(path)/accounts")
        }
    }

    /// Sources and destinations have names of their own, which people tend to forget.
    private func entry(_ name: String, _ kind: EntryKind) throws(ConfigurationError) -> Entry {
        do {
            return try read(kind).entry(name)
        } catch {
            let other: EntryKind = kind == .source ? .destination : .source
            guard error.code == .notFound, kind != .store, let file = try? read(other),
                let known = try? file.entry(name)
            else { throw error }
            throw ConfigurationError(
                .notFound, error.reason,
                advice: "There is a \(other.rawValue) of that name; \"fasti \(kind.rawValue) add \(known.name) "
                    + "LOCATION ...\" makes a \(kind.rawValue) of it, too.")
        }
    }

    /// The store that is meant when none is named: `FASTI_REPOSITORY`, `PLAKAR_REPOSITORY`, the default of
    /// `stores.yml`, else `~/.fasti`.
    package func defaultStore(environment: [String: String]) throws(ConfigurationError) -> PlaceReference {
        for variable in ["FASTI_REPOSITORY", "PLAKAR_REPOSITORY"] {
            if let value = environment[variable], !value.isEmpty { return try PlaceReference(value) }
        }
        if let name = try read(.store).defaultName { return .named(name, override: nil) }
        guard let home = environment["HOME"], !home.isEmpty else {
            throw ConfigurationError(
                .notFound, "No store is named, and there is no home folder for the usual one.",
                advice: "Name a store: fasti at LOCATION COMMAND.")
        }
        return .plain("fs:\(home)/.fasti")
    }
}

extension Location {
    /// An absolute path replaces the one of the location, a relative one is appended to it.
    fileprivate func overridden(by path: String) -> Location {
        if scheme == "fs" || scheme == "ptar" {
            return Location(scheme: scheme, rest: path.hasPrefix("/") ? path : join(rest, path))
        }
        let authority = rest.prefix { $0 != "/" }
        return Location(scheme: scheme, rest: path.hasPrefix("/") ? authority + path : join(rest, path))
    }

    private func join(_ a: String, _ b: String) -> String { a.hasSuffix("/") ? a + b : "\(a)/\(b)" }
}
