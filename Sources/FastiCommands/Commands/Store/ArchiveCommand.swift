internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

extension ArchiveFormat: ExpressibleByArgument {}

struct ArchiveCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive", abstract: "Hand a snapshot out as a tar or zip file.",
        discussion: """
            Names of any length, times to the nanosecond, links, and extended attributes are kept in tar; zip has no \
            hard links, no devices and no attributes. Without a snapshot the newest one is taken that fits the \
            options. When something is damaged, it is named, the rest is in the file, and the exit status is 3.

            Examples:
              fasti at /var/backups archive 3f2a
              fasti at /var/backups archive --format zip --output work.zip --rebase 3f2a:/calendars/work
              fasti at /var/backups archive --output - --format tar latest | tar -x
            """)

    static let worksOnStore = true

    @Option(
        name: [.customLong("output"), .customShort("o")],
        help: ArgumentHelp("The file to be made, - for standard output; named by the time without.", valueName: "file"),
        completion: .file())
    var file: String?

    @Option(name: .customLong("format"), help: ArgumentHelp("tar, tarball (with gzip) or zip.", valueName: "format"))
    var format = ArchiveFormat.tarball

    @Flag(name: .customLong("rebase"), help: "Name the files from the given path on.") var rebase = false
    @Flag(name: .customLong("overwrite"), help: "Replace a file of that name.") var overwrite = false

    @Argument(help: ArgumentHelp("What to hand out.", valueName: "snapshot[:path]"))
    var target: SnapshotArgument?

    @OptionGroup(title: "Selection") var conditions: FilterOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    private var goesToOutput: Bool { file == "-" }

    func validate() throws {
        if file?.isEmpty == true { throw ValidationError("The name of the file is empty.") }
        if goesToOutput, global.json {
            throw ValidationError("--json and --output - would both write to standard output.")
        }
        if target != nil, !conditions.isEmpty {
            throw ValidationError("A snapshot and options that select one cannot be given together.")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let name = file ?? "fasti-\(Format.compactTime(.now)).\(format.fileExtension)"
        let path = name.hasPrefix("/") ? name : "\(context.workingDirectory)/\(name)"
        if !goesToOutput, !overwrite, SystemFacts.exists(path) {
            throw ConnectorError(
                .alreadyExists, "There is a file \(name) already.", advice: "Add --overwrite to replace it.")
        }
        return try await context.withRepository { repository in
            let (snapshot, place) = try await find(in: repository, context)
            let job = ArchiveJob(snapshot: snapshot, path: place, format: format, isRebased: rebase)
            if goesToOutput { return try await stream(job, context) }
            let display = context.display(
                JobTitle(workflow: "archive", repository: repository.identifier), snapshot: snapshot.identifier)
            do {
                let staged = try StagedFile(path: path, permissions: 0o666)
                let summary = try await job.run(staged.append, display.show)
                try staged.publish(replacing: overwrite)
                return try conclude(summary, name, display, context)
            } catch {
                display.end()
                throw error
            }
        }
    }

    /// The path is that of the argument, or all that was backed up.
    private func find(
        in repository: Repository, _ context: CommandContext
    ) async throws -> (snapshot: Snapshot, path: BytePath) {
        if let target {
            let snapshot = try await target.reference.find(in: repository)
            return (snapshot, target.reference.path(below: snapshot.header.root))
        }
        let moment = context.moment
        context.explain(conditions, at: moment)
        let chosen = try await context.choose(
            [], by: SnapshotSelection(filter: conditions.filter(at: moment)), in: repository, at: moment)
        guard let newest = chosen.headers.first else {
            throw CommandError(.nothingSelected, "No snapshot fits what was asked for.")
        }
        return (try await repository.snapshot(newest.identifier), newest.root)
    }

    /// Standard output belongs to the archive; what has to be said goes to standard error.
    private func stream(_ job: ArchiveJob, _ context: CommandContext) async throws -> ExitStatus {
        let summary = try await job.run(context.output.bytes) { event in
            if let line = JobLine(event, snapshot: nil), line.isFailure { context.output.error(line.text) }
        }
        try context.output.flush()
        return summary.isComplete ? .success : .incomplete
    }

    private func conclude(
        _ summary: ArchiveJob.Summary, _ name: String, _ display: any JobDisplay, _ context: CommandContext
    ) throws -> ExitStatus {
        let status: ExitStatus = summary.isComplete ? .success : .incomplete
        let errors = summary.failures.count
        let outcome = errors == 0 ? "without errors" : "with \(Format.count(errors, "error"))"
        try context.conclude(
            display,
            text: "archive completed \(outcome) in \(Format.duration(summary.duration)) "
                + "(\(name), \(Format.size(summary.archiveBytes)), \(Format.count(summary.counts.files, "file")))",
            json: [
                "file": .string(name), "format": .string(format.rawValue), "files": .count(summary.counts.files),
                "directories": .count(summary.counts.directories), "others": .count(summary.counts.others),
                "bytes": .count(summary.counts.bytes), "archiveBytes": .count(summary.archiveBytes),
                "errors": .count(errors), "failures": summary.failures.json,
                "milliseconds": .count(summary.duration.milliseconds), "exitStatus": .count(status.rawValue),
            ])
        return status
    }
}
