import Foundation
import PeerPrograms
import Testing

/// What the Go engine printed about a store, as it lies beside the store in `NAME.dump`.
struct GoEngineRecord {
    let folder: URL

    init(_ folder: URL) { self.folder = folder }

    func text(_ file: String) throws -> String {
        try String(contentsOf: folder.appending(path: file), encoding: .utf8)
    }

    func lines(_ file: String) throws -> [String] { try text(file).split(separator: "\n").map(String.init) }

    /// The lines under a heading `== WORDS` of a file that holds several outputs.
    func section(_ heading: String, of file: String) throws -> [String] {
        var isWanted = false
        return try lines(file).filter { line in
            if line.hasPrefix("== ") {
                isWanted = line == "== " + heading
                return false
            }
            return isWanted
        }
    }
}

/// One line of `ls`: time, identifier, size, duration, directory, tags.
struct SnapshotLine: Equatable {
    var time: String
    var identifier: String
    var size: String
    var duration: String
    var rest: String

    /// - Parameter line: as the Go engine prints it.
    init(_ line: String) throws {
        let pattern = /(\S+)\s+([0-9a-f]+)\s+([0-9.]+ [KMGT]?i?B)\s+(\S+) (.*)/
        let match = try #require(line.wholeMatch(of: pattern), "\(line)").output
        (time, identifier, size, duration, rest) =
            (String(match.1), String(match.2), String(match.3), String(match.4), String(match.5))
    }

    /// What the Go engine would print for a snapshot that our `ls --json` tells of.
    init(_ snapshot: [String: Any], tags: Bool, digits: Int) {
        time = GoFormat.time(snapshot["timestamp"])
        identifier = String((snapshot["identifier"] as? String ?? "").prefix(digits))
        size = GoFormat.size(snapshot["size"] as? Int ?? -1)
        duration = "\((snapshot["milliseconds"] as? Int ?? 0) + 500 >= 1000 ? 1 : 0)s"
        rest = GoEngineTests.recordedPath(snapshot["root"] as? String ?? "")
        let names = snapshot["tags"] as? [String] ?? []
        if tags, !names.isEmpty { rest += " tags=" + names.joined(separator: ",") }
    }
}

/// One line of `ls -recursive`: everything that the Go engine tells of an entry.
struct EntryLine: Equatable, CustomStringConvertible {
    var time: String
    var mode: String
    var user: String
    var group: String
    var size: String
    /// With ` -> TARGET` for a link.
    var name: String

    var description: String { [time, mode, user, group, size, name].joined(separator: " ") }

    /// - Parameter line: as the Go engine prints it.
    init(_ line: String) throws {
        let pattern = /(\S+) (\S+)\s+(\S+)\s+(\S+)\s+([0-9.]+ [KMGT]?i?B) (.*)/
        let match = try #require(line.wholeMatch(of: pattern), "\(line)").output
        (time, mode, user, group, size, name) = (
            String(match.1), String(match.2), String(match.3), String(match.4), String(match.5), String(match.6)
        )
    }

    /// What the Go engine would print for an entry that our `ls --json` tells of.
    init(_ entry: [String: Any]) {
        time = GoFormat.time(entry["modified"])
        mode = GoFormat.mode(entry["mode"] as? String ?? "")
        user = entry["user"] as? String ?? ""
        group = entry["group"] as? String ?? ""
        size = GoFormat.size(entry["size"] as? Int ?? -1)
        name = GoEngineTests.recordedPath(entry["path"] as? String ?? "")
        if let target = entry["target"] as? String { name += " -> " + target }
    }
}

/// Values as the Go engine prints them.
enum GoFormat {
    /// Whole seconds of a time with nanoseconds.
    static func time(_ value: Any?) -> String {
        let text = value as? String ?? ""
        return text.contains(".") ? String(text.prefix { $0 != "." }) + "Z" : text
    }

    /// IEC units: one digit below ten, none from there on.
    static func size(_ bytes: Int) -> String {
        guard bytes >= 10 else { return "\(bytes) B" }
        var value = Double(bytes)
        var unit = 0
        while value >= 1024 {
            value /= 1024
            unit += 1
        }
        let rounded = (value * 10 + 0.5).rounded(.down) / 10
        let digits = rounded < 10 && unit > 0 ? 1 : 0
        return String(format: "%.\(digits)f", rounded) + " " + ["B", "KiB", "MiB", "GiB"][min(unit, 3)]
    }

    /// Go's letters for a mode that `ls -l` shows as ours does: `Lrwxrwxrwx` for a link, `dtrwxrwxrwx` for /tmp.
    static func mode(_ mode: String) -> String {
        var letters = Array(mode)
        guard letters.count == 10 else { return mode }
        var prefix = ["-": "", "d": "d", "l": "L", "b": "D", "c": "Dc", "p": "p", "s": "S"][String(letters[0])] ?? "?"
        for (index, flag) in [(3, "u"), (6, "g"), (9, "t")] where "sStT".contains(letters[index]) {
            prefix += flag
            letters[index] = letters[index].isLowercase ? "x" : "-"
        }
        return (prefix.isEmpty ? "-" : prefix) + String(letters[1...])
    }
}
