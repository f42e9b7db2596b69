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

            Examples:
              fasti at /var/backups backup @my-caldav
              fasti at /var/backups backup /home/anna/calendars --tag daily
              fasti at /var/backups backup caldav://cal.example.org -o username=anna
            """)

    static let worksOnStore = true

    @Argument(help: ArgumentHelp("What to back up.", valueName: "source")) var sources: [String] = []

    @Option(
        name: .customLong("tag"),
        help: ArgumentHelp("Tags of the snapshot, comma separated. May repeat.", valueName: "tags"))
    var tags: [String] = []

    @Option(name: .customLong("name"), help: ArgumentHelp("The name of the snapshot.", valueName: "name"))
    var name = "default"

    @Option(
        name: [.customShort("o"), .customLong("option")],
        help: ArgumentHelp("An option of the source; wins over its entry. May repeat.", valueName: "key=value"))
    var options: [ConnectorOption] = []

    @Flag(name: .customLong("check"), help: "Check the whole snapshot when it is made.")
    var check = false

    @Flag(name: .customLong("dry-run"), help: "List what would be read, and make nothing.")
    var dryRun = false

    @Flag(name: .customLong("keep-partial"), help: "Keep what was read when a source breaks off.")
    var keepPartial = false

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
        // Unknown names are told before anyone is asked for a passphrase.
        let references = try (sources.isEmpty ? [context.workingDirectory] : sources).map { try PlaceReference($0) }
        let places = try references.map {
            try context.configuration.resolve($0, kind: .source, environment: context.environment)
        }
        return try await context.withRepository { repository in
            var status = ExitStatus.success
            for (number, place) in places.enumerated() {
                do {
                    let next = try await backUp(place, to: repository, context)
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
        _ place: ResolvedPlace, to repository: Repository, _ context: CommandContext
    ) async throws -> ExitStatus {
        let settings = try place.configuration(options: options.byKey, workingDirectory: context.workingDirectory)
        let importer = try await context.registry.importer(settings)
        return try await context.closing(importer.close) {
            let job = BackupJob(repository: repository, importer: importer, options: jobOptions(context))
            let display = context.display(JobTitle(workflow: "import", repository: repository.identifier))
            if dryRun { return try await rehearse(job, display, context) }
            let summary: BackupSummary
            do {
                summary = try await job.run(display.show)
            } catch {
                display.end()
                throw error
            }
            try conclude(summary, display, context)
            if check { try await checkAgain(summary.header, in: repository, context) }
            return summary.isComplete ? .success : .incomplete
        }
    }

    private func jobOptions(_ context: CommandContext) -> BackupOptions {
        var result = BackupOptions()
        result.name = name
        result.tags = tags.flatMap(CommaList.items)
        if result.tags.isEmpty {
            let fromEnvironment = context.environment["FASTI_TAGS"] ?? context.environment["PLAKAR_TAGS"]
            result.tags = CommaList.items(fromEnvironment ?? "")
        }
        result.keepsPartial = keepPartial
        result.concurrency = global.concurrency
        result.context = context.recordedContext
        return result
    }

    private func rehearse(
        _ job: BackupJob, _ display: any JobDisplay, _ context: CommandContext
    ) async throws -> ExitStatus {
        let counts: BackupSummary.Counts
        do {
            counts = try await job.rehearse(display.show)
        } catch {
            display.end()
            throw error
        }
        try context.conclude(
            display,
            text: "dry run: \(Format.count(counts.files, "file")), \(Format.size(counts.bytes)) would be looked at",
            json: ["dryRun": true, "files": .count(counts.files), "directories": .count(counts.directories)])
        return .success
    }

    private func conclude(_ summary: BackupSummary, _ display: any JobDisplay, _ context: CommandContext) throws {
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
                "snapshot": .string(summary.header.identifier.hex), "complete": .boolean(summary.isComplete),
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
