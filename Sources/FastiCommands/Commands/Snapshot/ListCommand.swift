internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

struct ListCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the snapshots of a store, or what is in one.",
        discussion: """
            Without an argument the snapshots are listed, newest first: time, identifier, size, duration, directory or \
            account. \
            With ID or ID:PATH the contents of a directory: time, mode, user, group, size, name. "latest" is the \
            newest snapshot.

            Examples:
              fasti at /var/backups ls --tags
              fasti at /var/backups ls --since yesterday
              fasti at /var/backups ls --newest 1 --group-by origin
              fasti at /var/backups ls latest
              fasti at /var/backups ls 3f2a:/calendars --recursive
            """)

    static let worksOnStore = true

    @Argument(
        help: ArgumentHelp("A snapshot, or a path in one.", valueName: "snapshot[:path]"))
    var target: SnapshotArgument?

    @Flag(name: .customLong("uuid"), help: "Show identifiers in full.") var uuid = false
    @Flag(name: .customLong("recursive"), help: "List everything below as well.") var recursive = false
    @Flag(name: .customLong("tags"), help: "Show the tags of snapshots.") var showsTags = false
    @OptionGroup var selection: SelectionOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if target != nil, !selection.isEmpty {
            throw ValidationError("A snapshot and options that select snapshots cannot be given together.")
        }
        if target == nil, recursive { throw ValidationError("--recursive needs a snapshot.") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await context.withRepository { repository in
            guard let target else { return try await listSnapshots(repository, context) }
            let snapshot = try await target.reference.find(in: repository)
            let path = target.reference.path(below: snapshot.header.root)
            let listing = EntryListing(snapshot: snapshot, path: path, isRecursive: recursive)
            return try await listing.run(context)
        }
    }

    private func listSnapshots(_ repository: Repository, _ context: CommandContext) async throws -> ExitStatus {
        let moment = context.moment
        context.explain(selection.conditions, at: moment)
        let listing = try await repository.snapshots()
        let headers = selection.selection(at: moment).apply(listing.headers, in: moment.calendar)
        listing.warn(context)
        if headers.isEmpty, !selection.isEmpty, listing.isSound {
            throw CommandError(.nothingSelected, "No snapshot fits what was asked for.")
        }
        if global.json {
            try context.output.json([
                "version": .schemaVersion, "type": "snapshots", "repository": .string("\(repository.identifier)"),
                "selection": selection.conditions.json(at: moment), "snapshots": .array(headers.map(\.json)),
                "unreadable": listing.unreadableJSON,
            ])
        } else {
            for header in headers {
                try context.output.line(SnapshotLine(header, isFull: uuid, showsTags: showsTags).text)
            }
        }
        if headers.isEmpty, listing.isSound { context.note("There is no snapshot in this store yet.") }
        return listing.isSound ? .success : .damaged
    }
}

/// A snapshot in one line of a listing.
struct SnapshotLine {
    let text: String

    init(_ header: SnapshotHeader, isFull: Bool = false, showsTags: Bool = false) {
        let identifier = isFull ? header.identifier.hex : header.identifier.shortHex
        var fields = [
            Format.time(header.timestamp), identifier.leftPadded(10), Format.size(header.totalSize).leftPadded(10),
            Format.duration(.nanoseconds(header.duration)).leftPadded(10), Self.place(header),
        ]
        if showsTags, !header.tags.isEmpty {
            fields.append("tags=\(header.tags.map { printable($0.bytes) }.joined(separator: ","))")
        } else if header.isIncomplete {
            fields.append("(incomplete)")
        }
        text = fields.joined(separator: " ")
    }

    /// The directory; of an account, where it always is `/`, the account.
    private static func place(_ header: SnapshotHeader) -> String {
        guard let importer = header.sources.first?.importer, header.root.isRoot,
            ["dav", "dav-contacts"].contains(importer.type), !importer.origin.bytes.isEmpty
        else { return "\(header.root)" }
        return printable(importer.origin.bytes)
    }
}

extension String {
    /// Filled with blanks on its left side.
    func leftPadded(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

extension SnapshotListing {
    /// Whether everything in the store that is about snapshots could be read.
    var isSound: Bool { unreadable.isEmpty && damagedStates.isEmpty }

    var unreadableJSON: JSONValue {
        .array(
            unreadable.map { ["snapshot": .string($0.snapshot.hex), "error": .string($0.error.reason)] }
                + damagedStates.map { ["state": .string($0.state.hex), "error": .string($0.error.reason)] })
    }

    /// What cannot be read is never left out in silence.
    func warn(_ context: CommandContext) {
        for (snapshot, error) in unreadable {
            context.warn("snapshot \(snapshot.shortHex) cannot be read: \(error.reason)")
        }
        for (state, error) in damagedStates {
            context.warn("state \(state.shortHex) cannot be read, snapshots may be missing: \(error.reason)")
        }
    }
}
