internal import ArgumentParser

/// The options that every command has; they may also stand before `at`.
package struct GlobalOptions: ParsableArguments {
    @Flag(name: .anyDash("json"), help: "Print JSON: one document for queries, one object per line for jobs.")
    var json = false

    @Flag(name: .anyDash("quiet"), help: "Print errors, warnings and results only.")
    var quiet = false

    @Flag(name: .anyDash("silent"), help: "Print nothing at all; only the exit status tells.")
    var silent = false

    @Flag(name: .anyDash("stdio"), help: "Print plain lines, never a progress bar.")
    var stdio = false

    @Option(
        name: .anyDash("keyfile"), help: ArgumentHelp("Read the passphrase from a file.", valueName: "file"),
        completion: .file())
    var keyfile: String?

    @Option(
        name: .anyDash("configdir", "config"),
        help: ArgumentHelp("The configuration folder.", valueName: "folder"), completion: .directory)
    var configurationFolder: String?

    @Option(
        name: .anyDash("concurrency"),
        help: ArgumentHelp("How many operations may run at once (1 to 64).", valueName: "number"))
    var concurrency = 4

    package init() {}

    package mutating func validate() throws {
        guard (1...64).contains(concurrency) else {
            throw ValidationError("--concurrency must be between 1 and 64, not \(concurrency).")
        }
    }
}

extension NameSpecification {
    /// `--name` as documented, and `-name` as plakar writes it.
    static func anyDash(_ names: String...) -> NameSpecification {
        NameSpecification(names.flatMap { [.customLong($0), .customLong($0, withSingleDash: true)] })
    }
}
