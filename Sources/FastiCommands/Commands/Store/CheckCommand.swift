internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

struct CheckCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "See whether snapshots are whole and undamaged.",
        discussion: """
            Reads everything and compares its digests; with --fast only structure and presence are checked. Without \
            an argument all snapshots are checked. Everything that is damaged is named; the exit status is 65 then.

            Examples:
              fasti at /var/backups check
              fasti at /var/backups check --fast --latest
              fasti at /var/backups check 3f2a:/work
            """)

    static let worksOnStore = true

    @Flag(name: .customLong("fast"), help: "Do not read contents.") var fast = false

    /// plakar's: leaves out signatures, which no engine of this format has written.
    @Flag(name: .customLong("no-verify"), help: .hidden) var noVerify = false

    @Argument(help: ArgumentHelp("What to check; all snapshots without it.", valueName: "snapshot[:path]"))
    var targets: [SnapshotArgument] = []

    @OptionGroup var selection: SelectionOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if !targets.isEmpty, !selection.isEmpty {
            throw ValidationError("Snapshots and options that select snapshots cannot be given together.")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await context.withRepository { repository in
            let start = ContinuousClock.now
            let job = CheckJob(repository: repository, isFast: fast)
            let places = try await self.places(repository, context)
            let display = context.display(JobTitle(workflow: "check", repository: repository.identifier))
            var summary = CheckJob.Summary()
            do {
                if let places {
                    // Of a path, nobody knows how much it has before it was walked.
                    if places.allSatisfy(\.path.isRoot) {
                        display.show(.expected(records: places.reduce(0) { $0 + $1.snapshot.header.entryCount }))
                    }
                    for place in places {
                        try await job.check(place.snapshot, from: place.path, into: &summary, display.show)
                    }
                } else {
                    summary = try await job.checkStore(display.show)
                }
            } catch {
                display.end()
                throw error
            }
            return try conclude(summary, .now - start, display, context)
        }
    }

    /// What is to be checked; nil for the whole store.
    private func places(
        _ repository: Repository, _ context: CommandContext
    ) async throws -> [(snapshot: Snapshot, path: BytePath)]? {
        var places: [(Snapshot, BytePath)] = []
        for target in targets {
            let snapshot = try await target.reference.find(in: repository)
            let path = target.reference.path == nil ? .root : target.reference.path(below: snapshot.header.root)
            places.append((snapshot, path))
        }
        guard targets.isEmpty else { return places }
        if selection.isEmpty {
            let listing = try await repository.snapshots()
            guard listing.headers.isEmpty, listing.isSound else { return nil }
            throw CommandError(
                .nothingSelected, "There is no snapshot in this store yet, so nothing was checked.")
        }
        for header in try await context.choose(by: selection, in: repository).headers {
            places.append((try await repository.snapshot(header.identifier), .root))
        }
        return places
    }

    private func conclude(
        _ summary: CheckJob.Summary, _ duration: Duration, _ display: any JobDisplay, _ context: CommandContext
    ) throws -> ExitStatus {
        let counts = summary.counts
        let status = summary.isSound ? ExitStatus.success : .damaged
        let outcome = summary.isSound ? "without errors" : "with \(Format.count(counts.damages, "error"))"
        try context.conclude(
            display,
            text: "check completed \(outcome) in \(Format.duration(duration)) "
                + "(\(Format.count(counts.snapshots, "snapshot")), \(Format.count(counts.entries, "entry", "entries")), "
                + "\(Format.size(counts.bytes)) verified)",
            json: [
                "sound": .boolean(summary.isSound), "snapshots": .count(counts.snapshots),
                "entries": .count(counts.entries), "objects": .count(counts.objects),
                "packfiles": .count(counts.packfiles), "states": .count(counts.states), "bytes": .count(counts.bytes),
                "errors": .count(counts.damages), "notes": .count(counts.notes),
                "findings": .array(summary.findings.map(\.json)), "milliseconds": .count(duration.milliseconds),
                "exitStatus": .count(status.rawValue),
            ])
        return status
    }
}
