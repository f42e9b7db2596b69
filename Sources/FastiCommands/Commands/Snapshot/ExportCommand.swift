internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import DAVConnector
internal import Kloset
internal import KlosetFormat
internal import ObjectMeaning

struct ExportCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Give a calendar or an address book out as one .ics or .vcf file.",
        discussion: """
            Everything at or below the path that is of one kind becomes one file that any calendar program imports: \
            time zones once each, every event with its UID. Where there are calendars and address books, --kind says \
            which. What cannot be read is named, and the exit status is 3.

            Examples:
              fasti at /var/backups export latest:/calendars/work > work.ics
              fasti at /var/backups export --output people.vcf latest:/addressbooks/people
              fasti at /var/backups export --on 2026-03 latest:/calendars > march.ics
            """)

    static let worksOnStore = true

    enum Kind: String, ExpressibleByArgument, CaseIterable, Sendable {
        case calendar, contact
    }

    @Option(
        name: .customLong("output"),
        help: ArgumentHelp("The file to make; standard output without it.", valueName: "file"))
    var file: String?

    @Option(
        name: .customLong("kind"), help: ArgumentHelp("calendar (.ics) or contact (.vcf).", valueName: "kind"))
    var kind: Kind?

    @Flag(name: .customLong("overwrite"), help: "Replace a file of that name.") var overwrite = false

    @OptionGroup(title: "What the objects say") var objects: ObjectOptions

    @Argument(help: ArgumentHelp("What to give out.", valueName: "snapshot[:path]"))
    var target: SnapshotArgument

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if file?.isEmpty == true { throw ValidationError("The name of the file is empty.") }
        if file == nil, global.json {
            throw ValidationError("--json needs --output: the export goes to standard output.")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let path = file.map { $0.hasPrefix("/") ? $0 : "\(context.workingDirectory)/\($0)" }
        if let path, !overwrite, SystemFacts.exists(path) {
            throw ConnectorError(
                .alreadyExists, "There is a file \(file ?? "") already.", advice: "Add --overwrite to replace it.")
        }
        return try await context.withRepository { repository in
            let snapshot = try await target.reference.find(in: repository)
            let place = target.reference.path(below: snapshot.header.root)
            try await snapshot.require(place)
            let (files, kind) = try await files(snapshot, place, context)
            let made = try await CollectionExport(snapshot: snapshot, place: place, kind: kind).run(
                files, context.readerTimes.zones)
            for (path, reason) in made.failures { context.warn("\(path): \(reason)") }
            if made.duplicates > 0 {
                context.warn("\(Format.count(made.duplicates, "object")) with a UID that came before were left out.")
            }
            if let path {
                let staged = try StagedFile(path: path, permissions: 0o666)
                try staged.append(made.bytes)
                try staged.publish(replacing: overwrite)
                try context.show(
                    text: "exported \(Format.count(made.count, "object")) to \(file ?? "")",
                    json: [
                        "version": .schemaVersion, "type": "export", "file": .string(path),
                        "kind": .string(kind.rawValue), "objects": .count(made.count),
                        "duplicates": .count(made.duplicates), "errors": .count(made.failures.count),
                    ])
            } else {
                try context.output.bytes(made.bytes)
            }
            return made.failures.isEmpty ? .success : .incomplete
        }
    }

    /// The files to export, all of one kind.
    private func files(
        _ snapshot: Snapshot, _ place: BytePath, _ context: CommandContext
    ) async throws -> (files: [BytePath], kind: ObjectKind) {
        var found: [BytePath] = []
        if objects.isEmpty {
            try await SnapshotTraversal(snapshot).run(from: place) { path, entry in
                if entry.info.mode.isRegular, ObjectKind(fileName: path.name) != nil { found.append(path) }
            } damaged: { path, error in
                throw KlosetError(error.code, "\(path) cannot be listed: \(error.reason)")
            }
        } else {
            found = try await ObjectSearch.paths(objects, in: snapshot, below: place, context)
        }
        let kinds = Set(found.compactMap { ObjectKind(fileName: $0.name) })
        let chosen = kind.map { $0 == .calendar ? ObjectKind.calendar : .contact }
        guard chosen != nil || kinds.count < 2 else {
            throw CommandError.usage(
                "There are calendars and contacts at \(place).", advice: "Say --kind calendar or --kind contact.")
        }
        guard let one = chosen ?? kinds.first, kinds.contains(one) else {
            throw CommandError(.nothingSelected, "There is no calendar and no contact at \(place).")
        }
        return (found.filter { ObjectKind(fileName: $0.name) == one }, one)
    }
}
