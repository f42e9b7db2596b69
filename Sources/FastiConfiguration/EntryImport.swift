internal import Foundation
internal import Yams

/// Entries from a file that somebody else wrote: YAML in any of the forms of plakar, JSON, or INI (plakar command line,
/// section 6.2).
package struct EntryImport: Sendable {
    package private(set) var entries: [Entry] = []

    /// - Parameters:
    ///   - isRclone: the sections are remotes of rclone: the location becomes `rclone://NAME`, and every key gets the
    ///     prefix `rclone_`.
    ///   - fileName: for errors.
    /// - Throws: ``ConfigurationError/Code/damaged`` when the text is none of the forms.
    package init(
        kind: EntryKind, parsing bytes: [UInt8], fileName: String, isRclone: Bool = false
    ) throws(ConfigurationError) {
        guard bytes.count <= PrivateFile.sizeLimit else {
            throw ConfigurationError(.damaged, "\(fileName) is larger than 4 MiB.")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(.damaged, "\(fileName) is not UTF-8 text.")
        }
        if isRclone {
            entries = try Self.ini(text, fileName).map { entry in
                var values = Dictionary(
                    entry.keys.map { ("rclone_\($0)", entry[$0] ?? "") }, uniquingKeysWith: { first, _ in first })
                values["location"] = "rclone://\(entry.name)"
                return Entry(name: entry.name, values: values)
            }
            return
        }
        // JSON is YAML, and INI is neither: its sections are lists for YAML.
        let isINI =
            text.split(separator: "\n").map { $0.drop { $0 == " " || $0 == "\t" } }.first {
                !$0.isEmpty && !$0.hasPrefix("#") && !$0.hasPrefix(";") && !$0.hasPrefix("---")
            }.map { $0.hasPrefix("[") && !$0.hasPrefix("[{") } ?? false
        if isINI {
            entries = try Self.ini(text, fileName)
        } else if let list = try Self.shown(text, fileName) {
            entries = list
        } else {
            let file = try EntryFile(kind: kind, parsing: text, fileName: fileName)
            entries = file.names.compactMap { file.entries[$0] }
        }
    }

    /// What `show --json` prints: `{"entries": [{"name": ..., "values": {...}}]}`.
    private static func shown(_ text: String, _ fileName: String) throws(ConfigurationError) -> [Entry]? {
        guard text.first(where: { !$0.isWhitespace }) == "{",
            let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
            let list = object["entries"] as? [[String: Any]]
        else { return nil }
        return try list.map { item throws(ConfigurationError) in
            guard let name = item["name"] as? String, let values = item["values"] as? [String: String] else {
                throw ConfigurationError(.damaged, "\(fileName): an entry has no name, or values that are no texts.")
            }
            return Entry(name: name, values: values)
        }
    }

    private static func ini(_ text: String, _ fileName: String) throws(ConfigurationError) -> [Entry] {
        var entries: [(name: String, values: [String: String])] = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = trimmed(line)
            guard let first = line.first, first != "#", first != ";" else { continue }
            if first == "[" {
                guard line.hasSuffix("]"), line.count > 2 else {
                    throw ConfigurationError(.damaged, "\(fileName), line \(number + 1): this is no section.")
                }
                entries.append((trimmed(line.dropFirst().dropLast()), [:]))
                continue
            }
            guard let equals = line.firstIndex(of: "="), let last = entries.indices.last else {
                throw ConfigurationError(
                    .damaged, "\(fileName), line \(number + 1): neither a section nor KEY=VALUE in one.")
            }
            entries[last].values[trimmed(line[..<equals])] = trimmed(line[line.index(after: equals)...])
        }
        return entries.map { Entry(name: $0.name, values: $0.values) }
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        text.trimmingCharacters(in: .whitespaces)
    }

    /// What became of each entry.
    package struct Outcome: Hashable, Sendable {
        package var added: [String] = []
        package var replaced: [String] = []
        /// Known already.
        package var skipped: [String] = []
    }

    /// Takes the entries over.
    ///
    /// - Parameters:
    ///   - sections: which, and under which names; all under their own when it is empty.
    ///   - overwrites: whether known ones are replaced.
    /// - Throws: for a section that is not there, an entry without a location, a name that cannot be used.
    package func merge(
        into file: inout EntryFile, sections: [(name: String, newName: String)], overwrites: Bool
    ) throws(ConfigurationError) -> Outcome {
        var chosen: [Entry] = []
        if sections.isEmpty { chosen = entries }
        for section in sections {
            guard let entry = entries.first(where: { $0.name == section.name }) else {
                let known = entries.map(\.name).joined(separator: ", ")
                throw ConfigurationError(
                    .notFound, "There is no \"\(section.name)\" to import.",
                    advice: known.isEmpty ? "The file has no entries." : "It has \(known).")
            }
            chosen.append(Entry(name: section.newName, values: entry.values))
        }
        guard !chosen.isEmpty else { throw ConfigurationError(.notFound, "There is nothing to import.") }
        var outcome = Outcome()
        for entry in chosen {
            var sound = Entry(name: try Entry.canonicalName(entry.name), values: [:])
            guard !entry.location.isEmpty else {
                throw ConfigurationError(.invalid, "\"\(entry.name)\" has no location; nothing was imported.")
            }
            for key in entry.keys { try sound.set(key, to: entry[key] ?? "") }
            if file.entries[sound.name] == nil {
                outcome.added.append(sound.name)
            } else if overwrites {
                try file.remove(keepingDefault: sound.name)
                outcome.replaced.append(sound.name)
            } else {
                outcome.skipped.append(sound.name)
                continue
            }
            try file.add(sound)
        }
        return outcome
    }
}
