internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

struct DiffCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "List what changed between two snapshots, or since one.",
        discussion: """
            Of two snapshots of calendars and contacts, what happened to each event, task and contact, in words; --paths \
            lists their files instead.

            Of two other folders, one line for each path: "+" was added, "-" was removed, "M" has another content, "m" has \
            other permissions or another owner. Times alone are not compared. With --recursive the contents of changed \
            files follow. Of two files, the lines that differ, as diff -u prints them.

            With one argument the snapshot is compared with what is in its folder on this machine now.

            The exit status is 0 whether or not something differs; with --exit-code it is 1 when something does.

            Examples:
              fasti at /var/backups diff 3f2a latest
              fasti at /var/backups diff --paths 3f2a latest
              fasti at /var/backups diff 3f2a:/work/a.ics 81cc:/work/a.ics
              fasti at /var/backups diff --recursive 3f2a:/work latest:/work
              fasti at /var/backups diff latest
            """)

    static let worksOnStore = true

    @Flag(name: .customLong("recursive"), help: "Show also what changed in files.") var recursive = false
    @Flag(name: .customLong("words"), help: "Say what happened to events and contacts, whatever the source.")
    var words = false
    @Flag(name: .customLong("paths"), help: "List files, also of calendars and contacts.") var paths = false
    @Flag(name: .customLong("highlight"), help: "Colour added and removed lines.") var highlight = false
    @Flag(name: .customLong("exit-code"), help: "Answer 1 when something differs.") var tellsByStatus = false

    @Argument(help: ArgumentHelp("The earlier snapshot, or a path in it.", valueName: "old[:path]"))
    var old: SnapshotArgument

    @Argument(
        help: ArgumentHelp("The later snapshot, or a path in it; this machine without it.", valueName: "new[:path]"))
    var new: SnapshotArgument?

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if words, paths || recursive { throw ValidationError("--words goes without --paths and --recursive.") }
        if words, new == nil { throw ValidationError("--words needs two snapshots.") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await context.withRepository { repository in
            let before = try await place(old.reference, repository)
            let differs: Bool
            if let new {
                let after = try await place(new.reference, repository)
                differs = try await compare(before, after, context)
            } else {
                differs = try await compareLive(before, context)
            }
            return differs && tellsByStatus ? .failure : .success
        }
    }

    private func place(_ reference: SnapshotReference, _ repository: Repository) async throws -> SnapshotDiff.Place {
        let snapshot = try await reference.find(in: repository)
        return SnapshotDiff.Place(snapshot: snapshot, path: reference.path(below: snapshot.header.root))
    }

    // MARK: Two snapshots

    private func compare(
        _ old: SnapshotDiff.Place, _ new: SnapshotDiff.Place, _ context: CommandContext
    ) async throws -> Bool {
        let changes = DiffLog()
        let speaks = words || (!paths && !recursive && MeaningDiff.isNatural(old, new))
        let summary = try await SnapshotDiff(from: old, to: new).run { path, change, kind in
            changes.append(path, change, kind)
            if !speaks, !global.json, !isFile(change, kind, path) {
                try context.output.line("\(change.symbol) \(path)")
            }
        }
        var texts: [JSONValue] = []
        for item in changes.items where item.change == .changed && item.kind == .file {
            guard recursive || item.path.isRoot, !words else { continue }
            let text = try await FileDifference.between(
                try await content(old, item.path), title(old, item.path), try await content(new, item.path),
                title(new, item.path))
            try show(text, item.path, &texts, context)
        }
        let place = { (place: SnapshotDiff.Place) -> JSONValue in
            ["snapshot": .string(place.snapshot.header.identifier.hex), "path": .path(place.path.bytes)]
        }
        guard speaks else {
            try conclude(summary, changes, texts, place(old), place(new), context)
            return !summary.isEmpty
        }
        var meaning = MeaningDiff(old, new, context.readerTimes)
        try await meaning.run(changes.items)
        try conclude(summary, changes, texts, place(old), place(new), context, meaning)
        return !summary.isEmpty
    }

    /// Two files are shown by their lines alone.
    private func isFile(_ change: SnapshotDiff.Change, _ kind: JobEntry.Kind, _ path: BytePath) -> Bool {
        path.isRoot && kind == .file && change == .changed
    }

    private func title(_ place: SnapshotDiff.Place, _ path: BytePath) -> String {
        "\(place.snapshot.header.identifier.shortHex):\(path.joined(to: place.path))"
    }

    private func content(_ place: SnapshotDiff.Place, _ path: BytePath) async throws -> [UInt8]? {
        try await place.snapshot.boundedContent(at: path.joined(to: place.path))
    }

    // MARK: A snapshot and this machine

    private func compareLive(_ old: SnapshotDiff.Place, _ context: CommandContext) async throws -> Bool {
        let type = old.snapshot.header.source?.importer.type ?? ""
        guard type == "fs" else {
            throw CommandError(
                .wrongKind, "The snapshot is of a source of the kind \"\(type)\", not of this machine's files.",
                advice: "Name a second snapshot; backup --dry-run compares with any source.")
        }
        let location = Location(scheme: "fs", rest: String(decoding: old.path.bytes, as: UTF8.self))
        let importer = try await context.registry.importer(
            ConnectorConfiguration(location: location, options: [:], workingDirectory: context.workingDirectory))
        return try await context.closing(importer.close) {
            let changes = DiffLog()
            let isJSON = global.json
            let root = old.path
            let output = context.output
            let comparison = LiveComparison(snapshot: old.snapshot, path: old.path, importer: importer)
            let summary = try await comparison.run { path, change, kind in
                let relative = path.relative(to: root) ?? path
                changes.append(relative, change, kind)
                let isOneFile = relative.isRoot && kind == .file && change == .changed
                if !isJSON, !isOneFile { try output.line("\(change.symbol) \(relative)") }
            }
            var texts: [JSONValue] = []
            for item in changes.items where item.change == .changed && item.kind == .file {
                guard recursive || item.path.isRoot else { continue }
                let path = item.path.joined(to: old.path)
                let live = try await importer.boundedContent(at: path)
                let text = try await FileDifference.between(
                    try await content(old, item.path), title(old, item.path), live, "\(path)")
                try show(text, item.path, &texts, context)
            }
            let before: JSONValue = [
                "snapshot": .string(old.snapshot.header.identifier.hex), "path": .path(old.path.bytes),
            ]
            try conclude(
                summary, changes, texts, before, ["snapshot": .null, "path": .path(old.path.bytes)], context)
            return !summary.isEmpty
        }
    }

    // MARK: Output

    private func show(_ lines: [String], _ path: BytePath, _ texts: inout [JSONValue], _ context: CommandContext) throws
    {
        if global.json {
            texts.append(["path": .path(path.bytes), "lines": .strings(lines)])
            return
        }
        for line in lines {
            let text = printable(line.utf8)
            try context.output.line(highlight ? FileDifference.coloured(text) : text)
        }
    }

    private func conclude(
        _ summary: SnapshotDiff.Summary, _ changes: DiffLog, _ texts: [JSONValue], _ old: JSONValue, _ new: JSONValue,
        _ context: CommandContext, _ meaning: MeaningDiff? = nil
    ) throws {
        if global.json {
            let document: JSONValue = [
                "version": .schemaVersion, "type": "diff", "old": old, "new": new,
                "changes": .array(
                    changes.items.map { item in
                        [
                            "path": .path(item.path.bytes), "pathBytes": .rawBytes(item.path.bytes),
                            "change": .string(item.change.rawValue), "kind": .string(item.kind.rawValue),
                        ]
                    }), "contents": .array(texts), "added": .count(summary.added), "removed": .count(summary.removed),
                "changed": .count(summary.changed), "metadata": .count(summary.metadata), "same": .count(summary.same),
            ]
            try context.output.json(
                meaning.map {
                    document.adding(["objects": $0.objectsJSON, "collections": $0.collectionsJSON])
                } ?? document)
        } else if let meaning {
            for line in meaning.lines { try context.output.line(line) }
            for item in meaning.others where !isFile(item.change, item.kind, item.path) {
                try context.output.line("\(item.change.symbol) \(item.path)")
            }
            context.note(meaning.isEmpty ? "Nothing that anybody would notice." : meaning.summary)
        } else {
            context.note(
                "\(summary.added) added, \(summary.removed) removed, \(summary.changed) changed, "
                    + "\(summary.metadata) with other metadata, \(summary.same) the same")
        }
    }
}

extension SnapshotDiff.Change {
    var symbol: String {
        switch self {
        case .added: "+"
        case .removed: "-"
        case .changed: "M"
        case .metadata: "m"
        }
    }
}
