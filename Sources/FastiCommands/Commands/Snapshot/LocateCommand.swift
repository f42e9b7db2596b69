internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

struct LocateCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "locate", abstract: "Find files in snapshots by their names.",
        discussion: """
            A pattern is compared with the last name of each path: * stands for anything, ? for one character, [a-z] \
            for one of a set. A pattern with a slash is compared with the whole path, where ** stands for any number of \
            folders. Each place is printed as SNAPSHOT:PATH, newest snapshot first, so that cat and restore take it. \
            When nothing is found, the exit status is 1.

            Examples:
              fasti at /var/backups locate '*.vcf'
              fasti at /var/backups locate --latest 'dentist*'
              fasti at /var/backups locate --since 1w '/calendars/work/**'
            """)

    static let worksOnStore = true

    @Option(
        name: .customLong("snapshot"),
        help: ArgumentHelp("Look in this snapshot only. May repeat.", valueName: "snapshot"))
    var snapshots: [SnapshotArgument] = []

    @Flag(name: .customLong("ignore-case"), help: "Take small and capital letters for the same.") var ignoresCase =
        false
    @Argument(help: ArgumentHelp("What to look for.", valueName: "pattern")) var patterns: [String]
    @OptionGroup var selection: SelectionOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        guard patterns.allSatisfy({ !$0.isEmpty }) else { throw ValidationError("A pattern is empty.") }
        try snapshots.requireWholeSnapshots("name the whole snapshot.")
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await context.withRepository { repository in
            let chosen = try await context.choose(snapshots, by: selection, in: repository)
            let query = EntryQuery(patterns, ignoresCase: ignoresCase)
            var places: [JSONValue] = []
            var count = 0
            var damaged = 0
            for header in chosen.headers {
                let snapshot = try await repository.snapshot(header.identifier)
                try await SnapshotTraversal(snapshot).run(from: .root) { path, entry in
                    guard query.matches(path) else { return }
                    count += 1
                    if global.json {
                        places.append(Self.json(path, entry, header))
                    } else {
                        try context.output.line("\(header.identifier.shortHex):\(path)")
                    }
                } damaged: { path, error in
                    damaged += 1
                    context.warn("\(header.identifier.shortHex):\(path) cannot be listed: \(error.reason)")
                }
            }
            let isSound = damaged == 0 && chosen.listing.isSound
            if count == 0, isSound { throw CommandError(.nothingSelected, "Nothing fits.", advice: nil) }
            if global.json {
                try context.output.json([
                    "version": .schemaVersion, "type": "places", "places": .array(places),
                    "unreadable": chosen.listing.unreadableJSON,
                ])
            }
            return isSound ? .success : .damaged
        }
    }

    private static func json(_ path: BytePath, _ entry: Entry, _ header: SnapshotHeader) -> JSONValue {
        [
            "snapshot": .string(header.identifier.hex), "timestamp": .time(header.timestamp),
            "path": .path(path.bytes), "pathBytes": .rawBytes(path.bytes),
            "kind": .string(JobEntry.Kind(entry.info.mode).rawValue), "size": .count(entry.info.size),
            "modified": .time(entry.info.modificationTime),
        ]
    }
}
