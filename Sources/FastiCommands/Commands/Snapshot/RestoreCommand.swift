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

            Into calendars and address books: what is there is left alone, and a collection that is not empty gets a new \
            one beside it. --mode merge adds what is missing, overwrite replaces what differs as well, exact also \
            removes what the snapshot has not (it asks first, or wants --delete). Single events and contacts are chosen by \
            UID, title, person or day, and go back where they were, unless something else is there.

            Examples:
              fasti at /var/backups restore latest
              fasti at /var/backups restore --to @my-restore 3f2a
              fasti at /var/backups restore --to /tmp/lost 3f2a:/work/meeting.ics
              fasti at /var/backups restore --to @my-restore --summary dentist --on 2026-03-10 latest
              fasti at /var/backups restore --to @my-restore --map work=private --mode merge latest:/calendars
            """)

    static let worksOnStore = true

    @Option(name: .customLong("to"), help: ArgumentHelp("Where to restore to.", valueName: "destination"))
    var destination: String?

    @Option(
        name: [.customShort("o"), .customLong("option")],
        help: ArgumentHelp("An option of the destination; wins over its entry. May repeat.", valueName: "key=value"))
    var options: [ConnectorOption] = []

    @Flag(name: .customLong("dry-run"), help: "Say what would be restored, and write nothing.") var dryRun = false
    @Flag(name: .customLong("verify"), help: "Read back what was written, and compare.") var verify = false

    @Flag(
        name: .customLong("skip-permissions"), help: "Do not set owners and permissions at the destination.")
    var skipsPermissions = false

    @OptionGroup(title: "Calendars and address books") var collections: CollectionRestoreOptions
    @OptionGroup(title: "Single events and contacts") var objects: ObjectOptions

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
            try await snapshot.require(path)
            let chosen: Set<BytePath>? =
                objects.isEmpty
                ? nil : Set(try await ObjectSearch.paths(objects, in: snapshot, below: path, context))
            if snapshot.header.isIncomplete {
                context.warn("snapshot \(snapshot.header.identifier.shortHex) was incomplete when it was made.")
            }
            let run = Run(snapshot: snapshot, path: path, chosen: chosen, place: place, repository: repository)
            if dryRun { return try await rehearse(run, context) }
            let variables = [
                "FASTI_SOURCE": context.shown(place), "FASTI_STORE": context.shown(try context.storePlace()),
            ]
            let (_, status) = try await hooks.around(variables) {
                var status = try await restore(run, context)
                if verify { status = try await verify(snapshot, path, place, status, context) }
                return ((), status, snapshot: snapshot.header.identifier.hex)
            }
            return status
        }
    }

    /// What is restored, and where to.
    private struct Run {
        let snapshot: Snapshot
        let path: BytePath
        /// Single objects; nil for all below the path.
        let chosen: Set<BytePath>?
        let place: ResolvedPlace
        let repository: Repository
    }

    private func settings(_ place: ResolvedPlace, _ context: CommandContext) throws -> ConnectorConfiguration {
        try place.configuration(
            options: options.byKey.merging(collections.options) { $1 }, workingDirectory: context.workingDirectory)
    }

    private func exporter(_ run: Run, _ context: CommandContext) async throws -> any Exporter {
        context.trace(.connector, "destination \(context.shown(run.place))")
        var configuration = try settings(run.place, context)
        // A snapshot of plakar's connector is one calendar without a name; its address has one.
        if run.place.location.scheme != "fs", configuration.options["collection"] == nil,
            let name = run.snapshot.header.nameOfOnlyCollection
        {
            configuration.options["collection"] = name
        }
        let chosen = try await context.registry.exporter(configuration)
        guard skipsPermissions else { return chosen }
        return NeutralExporter(chosen, userID: SystemFacts.userID, groupID: SystemFacts.groupID)
    }

    private func job(_ run: Run, _ exporter: any Exporter) -> RestoreJob {
        var job = RestoreJob(
            snapshot: run.snapshot, path: run.path, exporter: exporter, concurrency: global.concurrency)
        job.selection = run.chosen
        return job
    }

    private func restore(_ run: Run, _ context: CommandContext) async throws -> ExitStatus {
        let exporter = try await exporter(run, context)
        return try await context.closing(exporter.close) {
            if (exporter as? any RehearsingExporter)?.removesOthers == true { try await confirm(run, context) }
            let display = context.display(
                JobTitle(workflow: "export", repository: run.repository.identifier),
                snapshot: run.snapshot.header.identifier)
            if run.path == run.snapshot.header.root, run.chosen == nil {
                display.show(.expected(records: run.snapshot.header.entryCount))
            }
            let summary: RestoreSummary
            do {
                summary = try await job(run, exporter).run(display.show)
            } catch {
                display.end()
                throw error
            }
            try conclude(summary, run.snapshot, run.place, display, context)
            try await collections.keepRejects(of: summary, run.snapshot, run.path, context)
            return summary.isComplete ? .success : .incomplete
        }
    }

    // MARK: Before anything is written

    private func rehearse(_ run: Run, _ context: CommandContext) async throws -> ExitStatus {
        guard run.place.location.scheme != "fs" else { return try await list(run, context) }
        let exporter = try await exporter(run, context)
        return try await context.closing(exporter.close) {
            guard exporter is any RehearsingExporter else { return try await list(run, context) }
            let display = context.display(
                JobTitle(workflow: "export", repository: run.repository.identifier),
                snapshot: run.snapshot.header.identifier, showsProgress: false)
            let summary: RestoreSummary
            do {
                summary = try await foretell(run, exporter) { display.show($0) }
            } catch {
                display.end()
                throw error
            }
            let status: ExitStatus = summary.isComplete ? .success : .incomplete
            var lines = summary.outlines.map { $0.line(isRehearsal: true) }
            lines.append("dry run: nothing was written to \(context.shown(run.place))")
            try context.conclude(
                display, text: lines.map { printable($0.utf8) }.joined(separator: "\n"),
                json: [
                    "dryRun": true, "snapshot": .string(run.snapshot.header.identifier.hex),
                    "destination": .string(context.shown(run.place)), "files": .count(summary.counts.files),
                    "bytes": .count(summary.counts.bytes), "errors": .count(summary.failures.count),
                    "failures": summary.failures.json, "missing": .strings(summary.gaps),
                    "collections": .array(summary.outlines.map(\.json)), "exitStatus": .count(status.rawValue),
                ])
            return status
        }
    }

    /// Runs the restore without writing; what goes well is not shown path by path.
    private func foretell(
        _ run: Run, _ exporter: any Exporter, _ show: @escaping JobReport
    ) async throws -> RestoreSummary {
        var job = job(run, exporter)
        job.isRehearsal = true
        return try await job.run { event in
            if case .entry(let entry) = event, case .done = entry.outcome { return }
            show(event)
        }
    }

    /// Before anything is removed: by --delete, or by somebody who knows how much.
    private func confirm(_ run: Run, _ context: CommandContext) async throws {
        guard !run.snapshot.header.isIncomplete else {
            throw CommandError.usage(
                "Snapshot \(run.snapshot.header.identifier.shortHex) is incomplete: what it lacks would be removed.",
                advice: "Use --mode overwrite, or a whole snapshot.")
        }
        guard !collections.deletes else { return }
        let exporter = try await exporter(run, context)
        let summary = try await context.closing(exporter.close) { try await foretell(run, exporter) { _ in } }
        let doomed = summary.outlines.filter { $0.removed > 0 }
        guard !doomed.isEmpty else { return }
        let words = doomed.map { "\(Format.count($0.removed, "object")) from \"\($0.title)\" at \($0.place)" }
        let question = "This removes " + words.joined(separator: ", ") + "."
        let answer = global.json ? nil : try Terminal.ask("\(printable(question.utf8)) Go on? [y/N] ")
        guard let answer else {
            throw CommandError.usage(question, advice: "Add --delete if that is what you want; --dry-run says more.")
        }
        guard ["y", "yes"].contains(String(decoding: answer, as: UTF8.self).lowercased()) else {
            throw CommandError(.interrupted, "Nothing was restored.")
        }
    }

    /// What would be restored to a destination that cannot say more.
    private func list(_ run: Run, _ context: CommandContext) async throws -> ExitStatus {
        let display = context.display(
            JobTitle(workflow: "export", repository: run.repository.identifier),
            snapshot: run.snapshot.header.identifier, showsProgress: false)
        var (files, bytes, errors) = (0, UInt64(0), 0)
        try await SnapshotTraversal(run.snapshot).run(from: run.path) { path, entry in
            let kind = JobEntry.Kind(entry.info.mode)
            if let chosen = run.chosen, !chosen.contains(path) { return }
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
                + context.shown(run.place),
            json: [
                "dryRun": true, "snapshot": .string(run.snapshot.header.identifier.hex),
                "destination": .string(context.shown(run.place)), "files": .count(files), "bytes": .count(bytes),
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
        for outline in summary.outlines { text += "\n" + printable(outline.line(isRehearsal: false).utf8) }
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
                "missing": .strings(summary.gaps), "collections": .array(summary.outlines.map(\.json)),
                "milliseconds": .count(summary.duration.milliseconds),
                "exitStatus": .count((summary.isComplete ? ExitStatus.success : .incomplete).rawValue),
            ])
    }
}
