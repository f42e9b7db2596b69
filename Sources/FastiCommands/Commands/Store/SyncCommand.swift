internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import FastiConfiguration
internal import Kloset
internal import KlosetFormat

struct SyncCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Copy snapshots from one store to another.",
        usage: "fasti at LOCATION sync [selection] [snapshot ...] to|from|with REPOSITORY",
        discussion: """
            Snapshots keep their identifiers. Everything is decrypted, checked, and encrypted anew with the key of the \
            other store, so the stores may differ in passphrase, hashing and compression. "to" copies what the other \
            one lacks, "from" what this one lacks, "with" both ways. What is there already is left alone, so a sync \
            that was interrupted goes on when it is started again. Snapshots that were removed from a store do not \
            come back to it.

            A snapshot that cannot be copied is named, the others are copied, and the exit status is 3. The passphrase \
            of the other store is taken from its entry or from --other-keyfile, or asked for.

            Examples:
              fasti at /var/backups sync to @offsite
              fasti at /var/backups sync --since 1w to /mnt/usb/backups
              fasti at /var/backups sync 3f2a from @offsite
              fasti at @home sync with @offsite
            """)

    static let worksOnStore = true

    @Argument(
        help: ArgumentHelp(
            "Snapshots to be copied, all without; then to, from or with; then the other store.",
            valueName: "snapshot ... direction repository"))
    var words: [String] = []

    @OptionGroup var selection: SelectionOptions
    @OptionGroup var other: OtherStoreOptions
    @OptionGroup var tuning: TuningOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    private enum Direction: String {
        case to
        case from
        case with
    }

    /// What the words say.
    private struct Request {
        let targets: [SnapshotArgument]
        let direction: Direction
        let repository: String
    }

    private func request() throws -> Request {
        guard words.count >= 2, let direction = Direction(rawValue: words[words.count - 2]),
            let repository = words.last
        else {
            throw ValidationError("Say where: sync to REPOSITORY, sync from REPOSITORY, or sync with REPOSITORY.")
        }
        let targets = try words.dropLast(2).map { word in
            guard let target = SnapshotArgument(argument: word) else {
                throw ValidationError("\"\(word)\" is no snapshot: give the beginning of its identifier, or latest.")
            }
            return target
        }
        return Request(targets: targets, direction: direction, repository: repository)
    }

    func validate() throws {
        let request = try request()
        try request.targets.requireWholeSnapshots("only whole snapshots can be copied.")
        do {
            _ = try PlaceReference(request.repository)
        } catch {
            throw ValidationError(error.description)
        }
        if !request.targets.isEmpty, request.direction == .with {
            throw ValidationError("\"with\" copies both ways; use to or from for single snapshots.")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let context = tuning.applied(to: context)
        let request = try request()
        // An unknown name is told before anyone is asked for a passphrase.
        let place = try context.otherPlace(request.repository)
        return try await context.withRepository { here in
            try await context.withOther(place, other) { there in
                try await run(request, here, there, place, context)
            }
        }
    }

    private func run(
        _ request: Request, _ here: Repository, _ there: Repository, _ place: ResolvedPlace, _ context: CommandContext
    ) async throws -> ExitStatus {
        let display = context.display(JobTitle(workflow: "sync", repository: here.identifier))
        var summary = SyncJob.Summary()
        do {
            if request.direction != .from { summary.add(try await copy(request, here, there, display, context)) }
            if request.direction != .to { summary.add(try await copy(request, there, here, display, context)) }
        } catch {
            display.end()
            throw error
        }
        let status: ExitStatus = summary.isComplete ? .success : .incomplete
        try context.conclude(
            display, text: text(summary), json: json(summary, request, context.shown(place), status))
        return status
    }

    private func copy(
        _ request: Request, _ source: Repository, _ destination: Repository, _ display: any JobDisplay,
        _ context: CommandContext
    ) async throws -> SyncJob.Summary {
        let job = try SyncJob(from: source, to: destination, concurrency: global.concurrency)
        let chosen: ChosenSnapshots
        do {
            chosen = try await context.choose(request.targets, by: selection, in: source)
        } catch let error as CommandError where error.code == .nothingSelected && request.direction == .with {
            return SyncJob.Summary()
        }
        var summary = try await job.run(chosen.headers, insists: !request.targets.isEmpty, display.show)
        for (snapshot, error) in chosen.listing.unreadable {
            summary.failures.append(SyncJob.Summary.Failure(snapshot: snapshot, reason: error.reason))
        }
        return summary
    }

    private func text(_ summary: SyncJob.Summary) -> String {
        let outcome =
            summary.failures.isEmpty ? "without errors" : "with \(Format.count(summary.failures.count, "error"))"
        var text = "sync completed \(outcome) in \(Format.duration(summary.duration)) "
        text += "(\(Format.count(summary.copied.count, "snapshot")) copied, \(summary.present) already there, "
        text += "in: \(Format.size(summary.bytesRead)), out: \(Format.size(summary.bytesStored)))"
        if !summary.removedThere.isEmpty {
            text +=
                "\n\(Format.count(summary.removedThere.count, "snapshot")) not copied: removed from the destination before"
        }
        for failure in summary.failures { text += "\n\(failure.snapshot.shortHex): NOT COPIED: \(failure.reason)" }
        return text
    }

    private func json(
        _ summary: SyncJob.Summary, _ request: Request, _ repository: String, _ status: ExitStatus
    ) -> JSONValue {
        [
            "direction": .string(request.direction.rawValue), "repository": .string(repository),
            "copied": .strings(summary.copied.map(\.hex)), "present": .count(summary.present),
            "removedThere": .strings(summary.removedThere.map(\.hex)),
            "failures": .array(
                summary.failures.map { ["snapshot": .string($0.snapshot.hex), "error": .string($0.reason)] }),
            "entries": .count(summary.entries), "bytes": .count(summary.bytesRead),
            "bytesStored": .count(summary.bytesStored), "milliseconds": .count(summary.duration.milliseconds),
            "exitStatus": .count(status.rawValue),
        ]
    }
}
