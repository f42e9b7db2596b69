internal import ArgumentParser

/// The options that every command has; they may also stand before `at`.
package struct GlobalOptions: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print JSON: one document for queries, one object per line for jobs.")
    var json = false

    @Flag(name: .customLong("quiet"), help: "Print errors, warnings and results only.")
    var quiet = false

    @Flag(name: .customLong("silent"), help: "Print nothing at all; only the exit status tells.")
    var silent = false

    @Flag(name: .customLong("stdio"), help: "Print plain lines, never a progress bar.")
    var stdio = false

    @Option(
        name: .customLong("keyfile"), help: ArgumentHelp("Read the passphrase from a file.", valueName: "file"),
        completion: .file())
    var keyfile: String?

    @Option(
        name: .customLong("configdir"),
        help: ArgumentHelp("The configuration folder.", valueName: "folder"), completion: .directory)
    var configurationFolder: String?

    @Option(
        name: .customLong("cachedir"), help: ArgumentHelp("The folder for what can be rebuilt.", valueName: "folder"),
        completion: .directory)
    var cacheFolder: String?

    @Option(
        name: .customLong("datadir"),
        help: ArgumentHelp(
            "plakar's folder for installed connectors; all are built in here, so that it stays as it is.",
            valueName: "folder"),
        completion: .directory)
    var dataFolder: String?

    @Option(
        name: .customLong("concurrency"),
        help: ArgumentHelp("How many operations may run at once (1 to 64).", valueName: "number"))
    var concurrency = 4

    @Option(
        name: .customLong("cpu"),
        help: ArgumentHelp("How many processors to use, where --concurrency is not given.", valueName: "number"))
    var processors: Int?

    @Option(
        name: .customLong("trace"),
        help: ArgumentHelp(
            "Tell on standard error what is done: all, or some of repository, snapshot, connector, server.",
            valueName: "areas"))
    var trace: TraceAreas?

    @Flag(name: .customLong("time"), help: "Print how long it took.") var time = false

    package init() {}

    package mutating func validate() throws {
        guard (1...64).contains(concurrency) else {
            throw ValidationError("--concurrency must be between 1 and 64, not \(concurrency).")
        }
        if let processors {
            guard (1...SystemFacts.processorCount).contains(processors) else {
                throw ValidationError(
                    "--cpu must be between 1 and \(SystemFacts.processorCount), not \(processors).")
            }
            concurrency = min(concurrency, processors)
        }
    }
}
