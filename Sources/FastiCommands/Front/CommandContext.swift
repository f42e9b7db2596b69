package import ConnectorKit
package import FastiConfiguration

/// What a command runs in. There is no global state: whatever a command uses is here or in its options.
package struct CommandContext: Sendable {
    /// The whole command line as typed, without the name of the program; may contain secrets.
    package let words: [String]
    /// The text after `at`; nil for the default store.
    package let location: String?
    package let global: GlobalOptions
    package let environment: [String: String]
    /// Absolute.
    package let workingDirectory: String
    package let output: Output
    /// Sources, destinations and stores that were given names.
    package let configuration: ConfigurationFolder
    /// Every kind of connector there is.
    package let registry: ConnectorRegistry
    /// Whether anything is kept of stores between commands.
    package var usesCache = true

    package init(
        words: [String], location: String?, global: GlobalOptions, environment: [String: String],
        workingDirectory: String, output: Output, registry: ConnectorRegistry
    ) throws {
        self.words = words
        self.location = location
        self.global = global
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.output = output
        self.registry = registry
        configuration = try ConfigurationFolder.locate(
            explicit: global.configurationFolder, environment: environment)
    }

    /// The command line as it may be recorded: one text, secrets masked.
    package var recordedCommandLine: String {
        (["fasti"] + SecretKeys.redacted(arguments: words)).map { word in
            word.contains(" ") || word.isEmpty ? "'\(word)'" : word
        }.joined(separator: " ")
    }

    /// How and where a snapshot is made, as its header says it (Kloset messages, section 9).
    var recordedContext: [(key: String, value: String)] {
        [
            ("Hostname", SystemFacts.hostName), ("Username", SystemFacts.userName),
            ("OperatingSystem", SystemFacts.operatingSystem), ("MachineID", SystemFacts.machineIdentifier),
            ("CommandLine", recordedCommandLine), ("ProcessID", "\(SystemFacts.processIdentifier)"),
            ("Architecture", SystemFacts.architecture), ("NumCPU", "\(SystemFacts.processorCount)"),
            ("MaxProcs", "\(SystemFacts.processorCount)"), ("Client", "fasti/\(FastiProgram.version)"),
        ]
    }

    /// The folder for what can be rebuilt: that of the command line, else `$XDG_CACHE_HOME/fasti`, else
    /// `~/.cache/fasti`; nil when there is not even a home folder.
    package var cacheFolder: String? {
        if let folder = global.cacheFolder {
            return folder.hasPrefix("/") ? folder : "\(workingDirectory)/\(folder)"
        }
        if let base = environment["XDG_CACHE_HOME"], base.hasPrefix("/") { return "\(base)/fasti" }
        return environment["HOME"].flatMap { $0.isEmpty ? nil : "\($0)/.cache/fasti" }
    }

    package var printsJSON: Bool { global.json }

    /// A result in the form that was asked for.
    func show(text: @autoclosure () -> String, json: @autoclosure () -> JSONValue) throws {
        if global.json { try output.json(json()) } else { try output.line(text()) }
    }

    /// A remark that is no result, for the person who watches; programs that read JSON do not get it.
    func note(_ text: String) {
        if !global.json, !global.quiet { output.error(text) }
    }

    /// What happens inside, for whoever looks for a fault: `--trace repository` shows that area.
    func trace(_ area: TraceAreas.Area, _ text: @autoclosure () -> String) {
        if global.trace?.contains(area) == true { output.error("trace: \(area.rawValue): \(printable(text().utf8))") }
    }

    /// Something that needs attention, shown also with `--quiet`. It goes to standard error, where JSON readers do not
    /// look.
    func warn(_ text: String) { output.error("fasti: warning: \(printable(text.utf8))") }
}
