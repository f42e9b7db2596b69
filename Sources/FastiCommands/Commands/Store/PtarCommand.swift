internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import FastiConfiguration
internal import Kloset
internal import KlosetFormat

struct PtarCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "ptar", abstract: "Make one file with snapshots in it, to be mailed or put away.",
        discussion: """
            The file is a store of its own that is never changed: encrypted unless --plaintext is given, checked and \
            restored from like any other. Each source becomes a snapshot; -k takes over the snapshots of a store, \
            all of them or those that the selection fits. There is no file until it is whole.

            When something could not be taken in, the rest is, and the exit status is 3.

            Examples:
              fasti ptar -o calendars.ptar @my-caldav
              fasti ptar -o everything.ptar -k /var/backups -k @offsite
              fasti ptar -o latest.ptar -k @home --latest --tag calendar
              fasti ptar -o notes.ptar --plaintext /home/anna/notes
              fasti at calendars.ptar restore --to /tmp/back
            """)

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("The file to be made, usually NAME.ptar.", valueName: "file"), completion: .file())
    var file: String

    @Flag(name: .customLong("plaintext"), help: "Do not encrypt: whoever has the file can read everything.")
    var plaintext = false

    @Flag(name: .customLong("no-compression"), help: "Store everything as it is.")
    var noCompression = false

    @Flag(name: .customLong("overwrite"), help: "Replace a file of that name.")
    var overwrite = false

    @Option(name: .customLong("hashing"), help: ArgumentHelp("BLAKE3 or SHA256.", valueName: "algorithm"))
    var hashing = CreateCommand.Hashing.blake3

    @Option(
        name: [.customShort("k"), .customLong("store")],
        help: ArgumentHelp("Take over the snapshots of this store. May repeat.", valueName: "store"))
    var stores: [String] = []

    @Argument(help: ArgumentHelp("Paths, locations or @NAMEs to be backed up.", valueName: "source"))
    var sources: [String] = []

    @OptionGroup var selection: SelectionOptions
    @OptionGroup var other: OtherStoreOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        guard !stores.isEmpty || !sources.isEmpty else {
            throw ValidationError("Name what goes into the file: paths, @SOURCES, or -k STORE.")
        }
        guard selection.isEmpty || !stores.isEmpty else {
            throw ValidationError("Options that select snapshots need a store to select from: -k STORE.")
        }
        guard !file.isEmpty else { throw ValidationError("The name of the file is empty.") }
        if plaintext, global.keyfile != nil {
            throw ValidationError("--plaintext and --keyfile contradict each other.")
        }
        for place in stores + sources {
            do {
                _ = try PlaceReference(place)
            } catch {
                throw ValidationError(error.description)
            }
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        // Unknown names and a file that is there are told before anyone is asked for a passphrase.
        let stores = try stores.map { try context.otherPlace($0) }
        let sources = try sources.map {
            try context.configuration.resolve(
                try PlaceReference($0), kind: .source, environment: context.environment)
        }
        let path = file.hasPrefix("/") ? file : "\(context.workingDirectory)/\(file)"
        if !overwrite, SystemFacts.exists(path) {
            throw ConnectorError(
                .alreadyExists, "There is a file \(file) already.", advice: "Add --overwrite to replace it.")
        }
        var options = RepositoryOptions()
        options.hashing = hashing == .sha256 ? .sha256 : .blake3
        if noCompression { options.compression = .none }
        let job = try await PtarJob(path: path, options: options, passphrase: try passphrase(context))
        return try await context.closing(job.close) {
            let display = context.display(JobTitle(workflow: "ptar", repository: job.repository.identifier))
            let start = ContinuousClock.now
            var result = Result()
            do {
                for place in stores { try await add(store: place, to: job, &result, display, context) }
                for place in sources { try await add(source: place, to: job, &result, display, context) }
                guard result.snapshots > 0 else {
                    throw CommandError(.nothingSelected, "There is no snapshot that could go into \(file).")
                }
                try await job.finish(replacing: overwrite)
            } catch {
                display.end()
                throw error
            }
            return try conclude(result, .now - start, display, context)
        }
    }

    private struct Result {
        var snapshots = 0
        var errors = 0
        var bytes: UInt64 = 0
        var bytesStored: UInt64 = 0
    }

    private func add(
        store place: ResolvedPlace, to job: PtarJob, _ result: inout Result, _ display: any JobDisplay,
        _ context: CommandContext
    ) async throws {
        let summary = try await context.withOther(place, other) { repository in
            let chosen: ChosenSnapshots?
            do {
                chosen = selection.isEmpty ? nil : try await context.choose(by: selection, in: repository)
            } catch let error as CommandError where error.code == .nothingSelected {
                context.warn("\(context.shown(place)): \(error.reason)")
                return SyncJob.Summary()
            }
            return try await job.add(
                repository, only: chosen?.headers, concurrency: global.concurrency, display.show)
        }
        result.snapshots += summary.copied.count
        result.errors += summary.failures.count
        result.bytes += summary.bytesRead
        result.bytesStored += summary.bytesStored
    }

    private func add(
        source place: ResolvedPlace, to job: PtarJob, _ result: inout Result, _ display: any JobDisplay,
        _ context: CommandContext
    ) async throws {
        let importer = try await context.registry.importer(
            place.configuration(workingDirectory: context.workingDirectory))
        let summary = try await context.closing(importer.close) {
            var options = BackupOptions()
            options.concurrency = global.concurrency
            options.context = context.recordedContext
            return try await job.add(importer, options, display.show)
        }
        result.snapshots += 1
        result.errors += summary.isComplete ? 0 : max(1, summary.failures.count)
        result.bytes += summary.counts.bytes
        result.bytesStored += summary.bytesStored
    }

    /// Any will do, as long as it is not empty.
    private func passphrase(_ context: CommandContext) throws -> [UInt8]? {
        guard !plaintext else { return nil }
        let search = PassphraseSearch(keyFile: global.keyfile, environment: context.environment)
        if let found = try search.find() { return found.passphrase }
        guard let first = try Terminal.askSecretly("New passphrase for \(file): ") else {
            throw CommandError(
                .authentication, "There is no terminal to ask for a passphrase.",
                advice: "Give it with --keyfile or FASTI_PASSPHRASE, or make an archive without one: --plaintext.")
        }
        guard !first.isEmpty else { throw CommandError(.weakPassphrase, "The passphrase is empty.") }
        guard try Terminal.askSecretly("The same passphrase again: ") == first else {
            throw CommandError(.weakPassphrase, "The two passphrases differ.", advice: "Try again; nothing was made.")
        }
        return first
    }

    private func conclude(
        _ result: Result, _ duration: Duration, _ display: any JobDisplay, _ context: CommandContext
    ) throws -> ExitStatus {
        let status: ExitStatus = result.errors == 0 ? .success : .incomplete
        let outcome = result.errors == 0 ? "without errors" : "with \(Format.count(result.errors, "error"))"
        try context.conclude(
            display,
            text: "ptar completed \(outcome) in \(Format.duration(duration)) "
                + "(\(Format.count(result.snapshots, "snapshot")) in \(file), in: \(Format.size(result.bytes)), "
                + "out: \(Format.size(result.bytesStored)))",
            json: [
                "file": .string(file), "snapshots": .count(result.snapshots), "errors": .count(result.errors),
                "bytes": .count(result.bytes), "bytesStored": .count(result.bytesStored),
                "encrypted": .boolean(!plaintext), "milliseconds": .count(duration.milliseconds),
                "exitStatus": .count(status.rawValue),
            ])
        return status
    }
}
