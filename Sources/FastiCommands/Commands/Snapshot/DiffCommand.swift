internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

struct DiffCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "List what changed between two snapshots.",
        discussion: """
            One line for each path: "+" was added, "-" was removed, "M" has another content, "m" has other \
            permissions or another owner. Times alone are not compared.

            Examples:
              fasti at /var/backups diff 3f2a latest
              fasti at /var/backups diff 3f2a:/work 81cc:/work
            """)

    static let worksOnStore = true

    @Argument(help: ArgumentHelp("The earlier snapshot, or a path in it.", valueName: "old[:path]"))
    var old: SnapshotArgument

    @Argument(help: ArgumentHelp("The later snapshot, or a path in it.", valueName: "new[:path]"))
    var new: SnapshotArgument

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await context.withRepository { repository in
            let before = try await place(old.reference, repository)
            let after = try await place(new.reference, repository)
            var changes: [JSONValue] = []
            let summary = try await SnapshotDiff(from: before, to: after).run { path, change, kind in
                if global.json {
                    changes.append([
                        "path": .path(path.bytes), "change": .string(change.rawValue), "kind": .string(kind.rawValue),
                    ])
                } else {
                    try context.output.line("\(change.symbol) \(path)")
                }
            }
            try conclude(summary, changes, before, after, context)
            return .success
        }
    }

    private func place(_ reference: SnapshotReference, _ repository: Repository) async throws -> SnapshotDiff.Place {
        let snapshot = try await reference.find(in: repository)
        return SnapshotDiff.Place(snapshot: snapshot, path: reference.path(below: snapshot.header.root))
    }

    private func conclude(
        _ summary: SnapshotDiff.Summary, _ changes: [JSONValue], _ old: SnapshotDiff.Place, _ new: SnapshotDiff.Place,
        _ context: CommandContext
    ) throws {
        if global.json {
            try context.output.json([
                "version": .schemaVersion, "type": "diff",
                "old": ["snapshot": .string(old.snapshot.header.identifier.hex), "path": .path(old.path.bytes)],
                "new": ["snapshot": .string(new.snapshot.header.identifier.hex), "path": .path(new.path.bytes)],
                "changes": .array(changes), "added": .count(summary.added), "removed": .count(summary.removed),
                "changed": .count(summary.changed), "metadata": .count(summary.metadata), "same": .count(summary.same),
            ])
        } else {
            context.note(
                "\(summary.added) added, \(summary.removed) removed, \(summary.changed) changed, "
                    + "\(summary.metadata) with other metadata, \(summary.same) the same")
        }
    }
}

extension SnapshotDiff.Change {
    fileprivate var symbol: String {
        switch self {
        case .added: "+"
        case .removed: "-"
        case .changed: "M"
        case .metadata: "m"
        }
    }
}
