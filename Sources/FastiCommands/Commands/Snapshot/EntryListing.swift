internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

/// The listing of a path of a snapshot.
struct EntryListing {
    let snapshot: Snapshot
    let path: BytePath
    let isRecursive: Bool

    func run(_ context: CommandContext) async throws -> ExitStatus {
        if context.printsJSON { return try await printJSON(context) }
        let damage = try await visit { path, entry in
            let name = isRecursive ? "\(path)" : printable(entry.name)
            try context.output.line(Self.line(entry, name: name))
        }
        for (path, error) in damage { context.warn("\(path) cannot be listed: \(error.reason)") }
        return damage.isEmpty ? .success : .damaged
    }

    private func printJSON(_ context: CommandContext) async throws -> ExitStatus {
        var document = JSONListDocument(
            context.output,
            head: [
                "version": .schemaVersion, "type": "entries", "snapshot": .string(snapshot.header.identifier.hex),
                "path": .path(path.bytes),
            ], list: "entries")
        let damage: [(BytePath, KlosetError)]
        do {
            damage = try await visit { path, entry in try document.append(Self.json(path, entry)) }
        } catch {
            try document.abandon()
            throw error
        }
        let unreadable = damage.map { ["path": .path($0.0.bytes), "error": .string($0.1.reason)] as JSONValue }
        try document.finish(tail: ["unreadable": .array(unreadable)])
        return damage.isEmpty ? .success : .damaged
    }

    /// A file stands for itself; a directory for what is in it.
    private func visit(_ body: (BytePath, Entry) async throws -> Void) async throws -> [(BytePath, KlosetError)] {
        guard let entry = try await snapshot.entry(at: path) else {
            throw await snapshot.missing(path)
        }
        guard entry.isDirectory else {
            try await body(path, entry)
            return []
        }
        var damage: [(BytePath, KlosetError)] = []
        guard isRecursive else {
            var cursor = try await snapshot.cursor(of: path)
            while let child = try await cursor.next() {
                if let childPath = path.appending(child.name) { try await body(childPath, child) }
            }
            return damage
        }
        try await SnapshotTraversal(snapshot).run(from: path) { visited, entry in
            if visited != path { try await body(visited, entry) }
        } damaged: { path, error in
            damage.append((path, error))
        }
        return damage
    }

    private static func line(_ entry: Entry, name: String) -> String {
        let info = entry.info
        var line = [
            Format.time(info.modificationTime), info.mode.symbols,
            owner(info.userName, info.userID).leftPadded(8), owner(info.groupName, info.groupID).leftPadded(8),
            (info.size < 0 ? "?" : Format.size(info.size)).leftPadded(10), name,
        ].joined(separator: " ")
        if info.mode.isSymbolicLink { line += " -> \(printable(entry.symbolicLinkTarget))" }
        return line
    }

    /// The recorded name: the machine that reads may know the number by another.
    private static func owner(_ name: [UInt8], _ number: UInt64) -> String {
        name.isEmpty ? "\(number)" : printable(name)
    }

    private static func json(_ path: BytePath, _ entry: Entry) -> JSONValue {
        let info = entry.info
        var value: JSONValue = [
            "path": .path(path.bytes), "kind": .string(JobEntry.Kind(info.mode).rawValue),
            "mode": .string(info.mode.symbols), "size": .count(info.size), "modified": .time(info.modificationTime),
            "user": .string(owner(info.userName, info.userID)), "group": .string(owner(info.groupName, info.groupID)),
        ]
        let raw = JSONValue.rawBytes(path.bytes)
        if raw != .null { value = value.adding(["pathBytes": raw]) }
        if info.mode.isSymbolicLink { value = value.adding(["target": .path(entry.symbolicLinkTarget)]) }
        if info.mode.isRegular { value = value.adding(["contentType": .string("\(entry.contentType)")]) }
        return value
    }
}

extension FileMode {
    /// As `ls -l` shows it: `-rw-r--r--`.
    var symbols: String {
        let kind: Character =
            isDirectory
            ? "d"
            : isSymbolicLink
                ? "l"
                : contains(.characterDevice)
                    ? "c"
                    : contains(.device)
                        ? "b"
                        : contains(.namedPipe) ? "p" : contains(.socket) ? "s" : "-"
        var symbols: [Character] = [kind]
        for (index, symbol) in "rwxrwxrwx".enumerated() {
            symbols.append(permissions & (0o400 >> UInt32(index)) != 0 ? symbol : "-")
        }
        if contains(.setUserID) { symbols[3] = symbols[3] == "x" ? "s" : "S" }
        if contains(.setGroupID) { symbols[6] = symbols[6] == "x" ? "s" : "S" }
        if contains(.sticky) { symbols[9] = symbols[9] == "x" ? "t" : "T" }
        return String(symbols)
    }
}
