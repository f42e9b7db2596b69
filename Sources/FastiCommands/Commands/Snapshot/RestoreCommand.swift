internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import FastiConfiguration
internal import Kloset
internal import KlosetFormat

struct RestoreCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Give a snapshot, or a part of it, back.",
        discussion: """
            The destination is a folder, a location such as caldav://cal.example.org, or @NAME; without --to it is a \
            new folder fasti-TIME in the working folder. The path of the chosen folder is left out at the \
            destination. When something could not be restored, it is named and the exit status is 3. --dry-run only \
            lists what would be restored; --verify reads everything back and compares it with the snapshot.

            Examples:
              fasti at /var/backups restore latest
              fasti at /var/backups restore --to @my-restore 3f2a
              fasti at /var/backups restore --to /tmp/lost 3f2a:/work/meeting.ics
            """)

    static let worksOnStore = true

    @Option(name: .customLong("to"), help: ArgumentHelp("Where to restore to.", valueName: "destination"))
    var destination: String?

    @Option(
        name: [.customShort("o"), .customLong("option")],
        help: ArgumentHelp("An option of the destination; wins over its entry. May repeat.", valueName: "key=value"))
    var options: [ConnectorOption] = []

    @Flag(name: .customLong("dry-run"), help: "List what would be restored, and write nothing.") var dryRun = false
    @Flag(name: .customLong("verify"), help: "Read back what was written, and compare.") var verify = false

    @Flag(
        name: .customLong("skip-permissions"), help: "Do not set owners and permissions at the destination.")
    var skipsPermissions = false

    @Argument(help: ArgumentHelp("What to restore; the newest snapshot without it.", valueName: "snapshot[:path]"))
    var target: SnapshotArgument?

    @OptionGroup(title: "Selection of the snapshot") var conditions: FilterOptions
    @OptionGroup(title: "Hooks") var hooks: HookOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if let destination, (try? PlaceReference(destination)) == nil {
            throw ValidationError("\"\(destination)\" is no destination.")
        }
        if dryRun, verify { throw ValidationError("--dry-run writes nothing that --verify could read.") }
        if target != nil, !conditions.isEmpty {
            throw ValidationError("A snapshot and options that select snapshots cannot be given together.")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        // An unknown destination is told before anyone is asked for a passphrase.
        let folder = "fasti-\(Format.compactTime(.now))"
        let place = try context.configuration.resolve(
            PlaceReference(destination ?? "\(context.workingDirectory)/\(folder)"), kind: .destination,
            environment: context.environment)
        return try await context.withRepository { repository in
            let snapshot = try await self.snapshot(in: repository, context)
            let path = (target?.reference ?? .latest).path(below: snapshot.header.root)
            if snapshot.header.isIncomplete {
                context.warn("snapshot \(snapshot.header.identifier.shortHex) was incomplete when it was made.")
            }
            if dryRun { return try await rehearse(snapshot, path, place, repository, context) }
            let variables = [
                "FASTI_SOURCE": context.shown(place), "FASTI_STORE": context.shown(try context.storePlace()),
            ]
            let (_, status) = try await hooks.around(variables) {
                var status = try await restore(snapshot, path, place, repository, context)
                if verify { status = try await verify(snapshot, path, place, status, context) }
                return ((), status, snapshot: snapshot.header.identifier.hex)
            }
            return status
        }
    }

    private func settings(_ place: ResolvedPlace, _ context: CommandContext) throws -> ConnectorConfiguration {
        try place.configuration(options: options.byKey, workingDirectory: context.workingDirectory)
    }

    private func restore(
        _ snapshot: Snapshot, _ path: BytePath, _ place: ResolvedPlace, _ repository: Repository,
        _ context: CommandContext
    ) async throws -> ExitStatus {
        context.trace(.connector, "destination \(context.shown(place))")
        let chosen = try await context.registry.exporter(settings(place, context))
        let exporter: any Exporter =
            skipsPermissions
            ? NeutralExporter(chosen, userID: SystemFacts.userID, groupID: SystemFacts.groupID) : chosen
        return try await context.closing(exporter.close) {
            let job = RestoreJob(snapshot: snapshot, path: path, exporter: exporter, concurrency: global.concurrency)
            let display = context.display(
                JobTitle(workflow: "export", repository: repository.identifier),
                snapshot: snapshot.header.identifier)
            if path == snapshot.header.root { display.show(.expected(records: snapshot.header.entryCount)) }
            let summary: RestoreSummary
            do {
                summary = try await job.run(display.show)
            } catch {
                display.end()
                throw error
            }
            try conclude(summary, snapshot, place, display, context)
            return summary.isComplete ? .success : .incomplete
        }
    }

    private func rehearse(
        _ snapshot: Snapshot, _ path: BytePath, _ place: ResolvedPlace, _ repository: Repository,
        _ context: CommandContext
    ) async throws -> ExitStatus {
        let display = context.display(
            JobTitle(workflow: "export", repository: repository.identifier), snapshot: snapshot.header.identifier,
            showsProgress: false)
        var (files, bytes, errors) = (0, UInt64(0), 0)
        try await SnapshotTraversal(snapshot).run(from: path) { path, entry in
            let kind = JobEntry.Kind(entry.info.mode)
            if kind == .file {
                files += 1
                bytes &+= UInt64(clamping: entry.info.size)
            }
            display.show(.difference(path, .added, kind))
        } damaged: { path, error in
            errors += 1
            display.show(.entry(JobEntry(path: path, kind: .directory, outcome: .failed(reason: error.reason))))
        }
        let status: ExitStatus = errors == 0 ? .success : .incomplete
        try context.conclude(
            display,
            text: "dry run: \(Format.count(files, "file")), \(Format.size(bytes)) would be restored to "
                + context.shown(place),
            json: [
                "dryRun": true, "snapshot": .string(snapshot.header.identifier.hex),
                "destination": .string(context.shown(place)), "files": .count(files), "bytes": .count(bytes),
                "errors": .count(errors), "exitStatus": .count(status.rawValue),
            ])
        return status
    }

    /// Reads the destination through the source of the same location.
    private func verify(
        _ snapshot: Snapshot, _ path: BytePath, _ place: ResolvedPlace, _ status: ExitStatus, _ context: CommandContext
    ) async throws -> ExitStatus {
        guard place.location.scheme == "fs" else {
            context.note("The destination reads back and compares by itself what is written to it.")
            return status
        }
        let importer = try await context.registry.importer(settings(place, context))
        return try await context.closing(importer.close) {
            let summary = try await RestoreVerification(snapshot: snapshot, path: path, importer: importer).run()
            for failure in summary.failures.items { context.warn("\(failure.path): \(failure.reason)") }
            let text =
                "verified: \(Format.count(summary.files, "file")) as in the snapshot, \(summary.failures.count) not"
            if !global.json, !global.quiet { try context.output.line(text) }
            if global.json {
                try context.output.json([
                    "version": .schemaVersion, "type": "verification", "files": .count(summary.files),
                    "errors": .count(summary.failures.count), "failures": summary.failures.json,
                ])
            }
            return summary.failures.isEmpty ? status : .incomplete
        }
    }

    private func snapshot(in repository: Repository, _ context: CommandContext) async throws -> Snapshot {
        guard target == nil, !conditions.isEmpty else {
            return try await (target?.reference ?? .latest).find(in: repository)
        }
        let moment = context.moment
        context.explain(conditions, at: moment)
        let chosen = try await context.choose(
            [], by: SnapshotSelection(filter: conditions.filter(at: moment)), in: repository, at: moment)
        guard let newest = chosen.headers.first else { return try await SnapshotReference.latest.find(in: repository) }
        return try await repository.snapshot(newest.identifier)
    }

    private func conclude(
        _ summary: RestoreSummary, _ snapshot: Snapshot, _ place: ResolvedPlace, _ display: any JobDisplay,
        _ context: CommandContext
    ) throws {
        let counts = summary.counts
        let errors = summary.failures.count
        let outcome = errors == 0 ? "without errors" : "with \(Format.count(errors, "error"))"
        var text = "\(snapshot.header.identifier.shortHex): export completed \(outcome) in "
        text += "\(Format.duration(summary.duration)) (\(Format.count(counts.files, "file")), "
        text += "\(Format.size(counts.bytes))) to \(context.shown(place))"
        if !summary.isComplete {
            text += "\n\(snapshot.header.identifier.shortHex): INCOMPLETE: not everything was restored"
        }
        try context.conclude(
            display, text: text,
            json: [
                "snapshot": .string(snapshot.header.identifier.hex), "destination": .string(context.shown(place)),
                "complete": .boolean(summary.isComplete), "files": .count(counts.files),
                "directories": .count(counts.directories), "others": .count(counts.others),
                "bytes": .count(counts.bytes), "errors": .count(errors), "failures": summary.failures.json,
                "missing": .strings(summary.gaps), "milliseconds": .count(summary.duration.milliseconds),
                "exitStatus": .count((summary.isComplete ? ExitStatus.success : .incomplete).rawValue),
            ])
    }
}
