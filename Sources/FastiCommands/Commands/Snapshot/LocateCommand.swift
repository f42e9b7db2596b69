internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat
internal import ObjectMeaning

struct LocateCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "locate", abstract: "Find files, events and contacts in snapshots.",
        discussion: """
            A pattern is compared with the last name of each path: * stands for anything, ? for one character, [a-z] \
            for one of a set. A pattern with a slash is compared with the whole path, where ** stands for any number of \
            folders. Each place is printed as SNAPSHOT:PATH, newest snapshot first, so that cat and restore take it. \
            Events, tasks and contacts are found by what they say: title, attendee, UID, day (each date of a series \
            counts), name of a contact; all that is given must fit. When nothing is found, the exit status is 1.

            Examples:
              fasti at /var/backups locate '*.vcf'
              fasti at /var/backups locate --latest 'dentist*'
              fasti at /var/backups locate --since 1w '/calendars/work/**'
              fasti at /var/backups locate --summary dentist --on 2026-03
              fasti at /var/backups locate --latest --contact anna
            """)

    static let worksOnStore = true

    @Option(
        name: .customLong("snapshot"),
        help: ArgumentHelp("Look in this snapshot only. May repeat.", valueName: "snapshot"))
    var snapshots: [SnapshotArgument] = []

    @Flag(name: .customLong("ignore-case"), help: "Take small and capital letters for the same.") var ignoresCase =
        false
    @Argument(help: ArgumentHelp("What to look for.", valueName: "pattern")) var patterns: [String] = []
    @OptionGroup(title: "What the objects say") var objects: ObjectOptions
    @OptionGroup var selection: SelectionOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        guard !patterns.isEmpty || !objects.isEmpty else { throw ValidationError("Say what to look for.") }
        guard patterns.allSatisfy({ !$0.isEmpty }) else { throw ValidationError("A pattern is empty.") }
        try snapshots.requireWholeSnapshots("name the whole snapshot.")
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await context.withRepository { repository in
            let chosen = try await context.choose(snapshots, by: selection, in: repository)
            let query = patterns.isEmpty ? nil : EntryQuery(patterns, ignoresCase: ignoresCase)
            var search = objects.isEmpty ? nil : ObjectSearch(objects.query(context))
            var places: [JSONValue] = []
            var count = 0
            var damaged = 0
            for header in chosen.headers {
                let snapshot = try await repository.snapshot(header.identifier)
                func found(_ path: BytePath, _ entry: Entry, _ match: ObjectQuery.Match?) throws {
                    guard query?.matches(path) ?? true else { return }
                    count += 1
                    if global.json {
                        places.append(Self.json(path, entry, header, match))
                    } else {
                        let words = match.map { "  \($0.object.title) (\(Self.details($0)))" } ?? ""
                        try context.output.line("\(header.identifier.shortHex):\(path)" + printable(words.utf8))
                    }
                }
                func failed(_ path: BytePath, _ reason: String) {
                    damaged += 1
                    context.warn("\(header.identifier.shortHex):\(path) cannot be read: \(reason)")
                }
                if search != nil {
                    try await search?.run(snapshot, from: .root, found: found, failed: failed)
                } else {
                    try await SnapshotTraversal(snapshot).run(from: .root) { path, entry in
                        try found(path, entry, nil)
                    } damaged: { path, error in
                        failed(path, error.reason)
                    }
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

    /// The dates that were asked for come before the first one.
    private static func details(_ match: ObjectQuery.Match) -> String {
        match.dates.isEmpty ? match.object.details : "\(match.object.noun), \(match.dates.joined(separator: "; "))"
    }

    private static func json(
        _ path: BytePath, _ entry: Entry, _ header: SnapshotHeader, _ match: ObjectQuery.Match?
    ) -> JSONValue {
        [
            "snapshot": .string(header.identifier.hex), "timestamp": .time(header.timestamp),
            "path": .path(path.bytes), "pathBytes": .rawBytes(path.bytes),
            "kind": .string(JobEntry.Kind(entry.info.mode).rawValue), "size": .count(entry.info.size),
            "modified": .time(entry.info.modificationTime), "object": match?.json ?? .null,
        ]
    }
}
