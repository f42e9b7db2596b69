internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import FastiConfiguration
internal import Kloset
internal import KlosetFormat

struct BackupCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Make a snapshot of a source.",
        discussion: """
            A source is a path, a location such as caldav://cal.example.org, or @NAME. Each source becomes a snapshot \
            of its own; what is unchanged since the one before is neither read nor stored again. Without a source \
            the working folder is backed up.

            When single paths cannot be read, the snapshot is tagged "incomplete" and the exit status is 3. When the \
            source breaks off, there is no snapshot, unless --keep-partial is given.

            Tags that are not given come from FASTI_TAGS or PLAKAR_TAGS. Hooks are commands for sh, with FASTI_STORE, \
            FASTI_SOURCE, FASTI_SNAPSHOT, FASTI_STATUS and FASTI_ERROR in their environment; what they print goes to \
            standard error.

            Examples:
              fasti at /var/backups backup @my-caldav
              fasti at /var/backups backup /home/anna/calendars --tag daily
              fasti at /var/backups backup ~ --ignore '*.tmp' --ignore-file ~/.backupignore --dry-run
              fasti at /var/backups backup caldav://cal.example.org -o username=anna
              fasti at /var/backups backup @home @work --post-hook 'curl -fsS https://hc.example.org/ID'
            """)

    static let worksOnStore = true

    @Argument(help: ArgumentHelp("What to back up.", valueName: "source")) var sources: [String] = []

    @OptionGroup(title: "Description of the snapshot") var header: HeaderOptions
    @OptionGroup var ignoring: IgnoreOptions

    @Option(
        name: [.customShort("o"), .customLong("option")],
        help: ArgumentHelp("An option of the source; wins over its entry. May repeat.", valueName: "key=value"))
    var options: [ConnectorOption] = []

    @Flag(name: .customLong("check"), help: "Check the whole snapshot when it is made.")
    var check = false

    @Flag(name: .customLong("dry-run"), help: "List what differs from the last snapshot, and make none.")
    var dryRun = false

    @Flag(name: .customLong("keep-partial"), help: "Keep what was read when a source breaks off.")
    var keepPartial = false

    @Flag(name: .customLong("no-xattr"), help: "Leave out extended attributes.") var noAttributes = false
    @Flag(name: .customLong("no-progress"), help: "Show no progress bar.") var noProgress = false

    @OptionGroup var tuning: TuningOptions
    @OptionGroup(title: "Hooks") var hooks: HookOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        for source in sources {
            do {
                _ = try PlaceReference(source)
            } catch {
                throw ValidationError(error.description)
            }
        }
        if dryRun, check { throw ValidationError("--dry-run makes no snapshot that --check could check.") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let context = tuning.applied(to: context)
        // Unknown names are told before anyone is asked for a passphrase.
        let references = try (sources.isEmpty ? [context.workingDirectory] : sources).map { try PlaceReference($0) }
        let places = try references.map {
            try context.configuration.resolve($0, kind: .source, environment: context.environment)
        }
        let ignored = try ignoring.read()
        return try await context.withRepository { repository in
            var status = ExitStatus.success
            for (number, place) in places.enumerated() {
                do {
                    let next = try await backUp(place, ignored, to: repository, context)
                    if status == .success { status = next }
                } catch let error where number < places.count - 1 && !Task.isCancelled {
                    // One source that fails does not keep the others from being backed up.
                    let failure = Failure(error)
                    context.output.error(global.json ? failure.json.line : failure.text)
                    status = failure.status
                }
            }
            return status
        }
    }

    private func backUp(
        _ place: ResolvedPlace, _ ignored: LoadedIgnoreOptions, to repository: Repository, _ context: CommandContext
    ) async throws -> ExitStatus {
        if dryRun { return try await rehearse(place, ignored, repository, context) }
        let variables = [
            "FASTI_SOURCE": context.shown(place), "FASTI_STORE": context.shown(try context.storePlace()),
        ]
        let (header, status) = try await hooks.around(variables) {
            let summary = try await withJob(place, ignored, repository, context) { job in
                let display = self.display(repository, context)
                do {
                    let summary = try await job.run(display.show)
                    try conclude(summary, place, display, context)
                    return summary
                } catch {
                    display.end()
                    throw error
                }
            }
            if check { try await checkAgain(summary.header, in: repository, context) }
            let status: ExitStatus = summary.isComplete ? .success : .incomplete
            return (summary.header, status, snapshot: summary.header.identifier.hex)
        }
        context.trace(.snapshot, "made \(header.identifier.hex)")
        return status
    }

    private func withJob<Result: Sendable>(
        _ place: ResolvedPlace, _ ignored: LoadedIgnoreOptions, _ repository: Repository, _ context: CommandContext,
        _ body: (BackupJob) async throws -> Result
    ) async throws -> Result {
        let settings = try place.configuration(options: options.byKey, workingDirectory: context.workingDirectory)
        context.trace(.connector, "source \(context.shown(place))")
        let importer = try await context.registry.importer(settings)
        return try await context.closing(importer.close) {
            var jobOptions = BackupOptions()
            header.apply(to: &jobOptions, context)
            jobOptions.ignored = ignored.rules(root: importer.identity.root)
            jobOptions.keepsAttributes = !noAttributes
            jobOptions.keepsPartial = keepPartial
            jobOptions.concurrency = global.concurrency
            return try await body(BackupJob(repository: repository, importer: importer, options: jobOptions))
        }
    }

    private func display(_ repository: Repository, _ context: CommandContext) -> any JobDisplay {
        context.display(
            JobTitle(workflow: "import", repository: repository.identifier), showsProgress: !noProgress)
    }

    private func rehearse(
        _ place: ResolvedPlace, _ ignored: LoadedIgnoreOptions, _ repository: Repository, _ context: CommandContext
    ) async throws -> ExitStatus {
        let display = display(repository, context)
        let summary: RehearsalSummary
        do {
            summary = try await withJob(place, ignored, repository, context) { try await $0.rehearse(display.show) }
        } catch {
            display.end()
            throw error
        }
        let status: ExitStatus = summary.failures.isEmpty ? .success : .incomplete
        let comparison = summary.parent.map { "compared with \($0.shortHex)" } ?? "no snapshot yet"
        try context.conclude(
            display,
            text: "dry run, \(comparison): \(summary.added) added, \(summary.changed) changed, "
                + "\(summary.removed) removed, \(summary.unchanged) unchanged; "
                + "\(Format.size(summary.bytesToRead)) would be read",
            json: [
                "dryRun": true, "source": .string(context.shown(place)), "parent": .optional(summary.parent?.hex),
                "files": .count(summary.counts.files), "directories": .count(summary.counts.directories),
                "added": .count(summary.added), "changed": .count(summary.changed),
                "removed": .count(summary.removed), "unchanged": .count(summary.unchanged),
                "bytes": .count(summary.bytesToRead), "errors": .count(summary.failures.count),
                "failures": summary.failures.json, "exitStatus": .count(status.rawValue),
            ])
        return status
    }

    private func conclude(
        _ summary: BackupSummary, _ place: ResolvedPlace, _ display: any JobDisplay, _ context: CommandContext
    ) throws {
        let counts = summary.counts
        let errors = summary.failures.count
        let outcome = errors == 0 ? "without errors" : "with \(Format.count(errors, "error"))"
        var text = "\(summary.header.identifier.shortHex): import completed \(outcome) in "
        text += "\(Format.duration(summary.duration)) (in: \(Format.size(counts.bytes)), "
        text +=
            "out: \(Format.size(summary.bytesStored)), \(Format.count(counts.files, "file")), \(counts.unchanged) unchanged)"
        if !summary.isComplete {
            text += "\n\(summary.header.identifier.shortHex): INCOMPLETE: something is missing from this snapshot"
        }
        try context.conclude(
            display, text: text,
            json: [
                "snapshot": .string(summary.header.identifier.hex), "source": .string(context.shown(place)),
                "complete": .boolean(summary.isComplete),
                "files": .count(counts.files), "directories": .count(counts.directories),
                "others": .count(counts.others), "unchanged": .count(counts.unchanged), "bytes": .count(counts.bytes),
                "bytesStored": .count(summary.bytesStored), "incremental": .boolean(summary.hasParent),
                "errors": .count(errors),
                "failures": summary.failures.json, "missing": .strings(summary.gaps),
                "milliseconds": .count(summary.duration.milliseconds),
                "exitStatus": .count((summary.isComplete ? ExitStatus.success : .incomplete).rawValue),
            ])
    }

    private func checkAgain(
        _ header: SnapshotHeader, in repository: Repository, _ context: CommandContext
    ) async throws {
        var result = CheckJob.Summary()
        let snapshot = try await repository.snapshot(header.identifier)
        let display = context.display(
            JobTitle(workflow: "check", repository: repository.identifier), snapshot: header.identifier)
        try await CheckJob(repository: repository).check(snapshot, into: &result, display.show)
        display.end()
        guard result.isSound else {
            throw KlosetError(.corrupt, "The new snapshot \(header.identifier.shortHex) is damaged.")
        }
        context.note("\(header.identifier.shortHex): checked, sound")
    }
}

extension JobFailures {
    var json: JSONValue {
        .array(items.map { ["path": .path($0.path.bytes), "error": .string($0.reason)] })
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
