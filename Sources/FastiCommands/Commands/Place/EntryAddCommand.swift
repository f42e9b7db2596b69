internal import ArgumentParser
internal import ConnectorKit
internal import FastiConfiguration

struct EntryAddCommand<Kind: EntryKindProvider>: ContextualCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "add", abstract: "Add a \(Kind.kind.rawValue).",
            discussion: """
                What is added is tried at once, and what is there is told. When that fails, you are asked whether to keep it \
                all the same; without a terminal it is kept, and the reason is told. --no-test leaves that out, and \
                "ping" does it later.

                On a terminal you are asked for what an account needs and the line does not say: the address, the password, \
                and the user name when the server wants one. --no-test asks nothing.

                Examples:
                  fasti \(Kind.kind.rawValue) add \(Kind.example)
                  fasti \(Kind.kind.rawValue) add NAME LOCATION password_cmd='pass show cal'
                """)
    }

    @Argument(help: "The name to give it.")
    var name: EntryName

    @Argument(
        help: ArgumentHelp(
            "Where it is, and what else its connector has to know: LOCATION KEY=VALUE ...", valueName: "location"))
    var values: [String] = []

    @Flag(name: .customLong("no-test"), help: "Ask nothing, and do not try whether it works.") var noTest = false
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws { _ = try pairs() }

    /// The location may be the first word or `location=`.
    private func pairs() throws -> [KeyValue] {
        var pairs: [KeyValue] = []
        let hasKey = values.contains { $0.hasPrefix("location=") }
        for (index, word) in values.enumerated() {
            if index == 0, !hasKey, let pair = KeyValue(argument: "location=\(word)") {
                pairs.append(pair)
            } else if let pair = KeyValue(argument: word) {
                pairs.append(pair)
            } else {
                throw ValidationError("\"\(word)\" is not of the form KEY=VALUE.")
            }
        }
        guard pairs.contains(where: { $0.key == "location" && !$0.value.isEmpty }) || mayAsk else {
            throw ValidationError("A location is missing.")
        }
        for pair in pairs where pairs.count(where: { $0.key == pair.key }) > 1 {
            throw ValidationError("\"\(pair.key)\" is given twice.")
        }
        return pairs
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        var entry = Entry(name: name.text, values: [:])
        for pair in try pairs() { try entry.set(pair.key, to: pair.value) }
        if mayAsk { try AccountQuestions(Kind.kind).complete(&entry) }
        var added = entry
        guard !added.location.isEmpty else { throw CommandError(.usage, "A location is missing.") }
        try context.registry.require(Kind.kind.purpose, for: Location(added.location).scheme)
        try context.configuration.edit(Kind.kind) { file throws(ConfigurationError) in try file.add(entry) }
        let trial = try await trialWithLogin(&added, context)
        if case .failure(let failure) = trial, try !keepsAnyway(failure, context) {
            try context.configuration.edit(Kind.kind) { file throws(ConfigurationError) in try file.remove(name.text) }
            throw CommandError(.interrupted, "\"\(name.text)\" was not added.")
        }
        try conclude(trial, context)
        if pairsHaveSecrets(added) {
            context.note(
                "The secret is stored in the clear in \(context.configuration.path)/\(Kind.kind.fileName), readable by "
                    + "you only; KEY_cmd=COMMAND or KEY_file=FILE keeps it elsewhere.")
        }
        return .success
    }

    /// Whether there is somebody to ask.
    private var mayAsk: Bool {
        !noTest && !global.json && !global.silent && Descriptor.isTerminal(0) && Descriptor.isTerminal(2)
    }

    // MARK: Trying it

    /// Longer than this nobody wants to wait for a command that only writes a file.
    private static var patience: Duration { .seconds(10) }

    private enum Trial {
        case none
        /// What was found, in one line.
        case success(String)
        case failure(Failure)
    }

    /// A store may be created later, and is not tried.
    private func trial(_ context: CommandContext) async throws -> Trial {
        guard !noTest, Kind.kind != .store else { return .none }
        let (kind, entry, patience) = (Kind.kind, name.text, Self.patience)
        do {
            let found = try await withThrowingTaskGroup(of: String.self) { group in
                group.addTask {
                    try await context.withConnector(kind, named: entry) { connector in
                        switch connector {
                        case .importer(let importer): try await importer.ping()
                        case .exporter(let exporter): try await exporter.ping()
                        case .store: ""
                        }
                    }
                }
                group.addTask {
                    try await Task.sleep(for: patience)
                    throw ConnectorError(
                        .unavailable, "There was no answer within \(patience.components.seconds) s.")
                }
                defer { group.cancelAll() }
                return try await group.next() ?? ""
            }
            return .success(found)
        } catch {
            try Task.checkCancellation()
            return .failure(Failure(error))
        }
    }

    /// Asks for a login as often as a server says that there is none, three times at the most.
    private func trialWithLogin(_ entry: inout Entry, _ context: CommandContext) async throws -> Trial {
        for _ in 0..<3 {
            let trial = try await trial(context)
            guard case .failure(let failure) = trial, failure.status == .authentication, mayAsk else { return trial }
            context.output.error(failure.text)
            guard try AccountQuestions(Kind.kind).logIn(&entry) else { return trial }
            let changed = entry
            try context.configuration.edit(Kind.kind) { file throws(ConfigurationError) in
                try file.change(changed.name) { stored throws(ConfigurationError) in stored = changed }
            }
        }
        return try await trial(context)
    }

    private func keepsAnyway(_ failure: Failure, _ context: CommandContext) throws -> Bool {
        guard !context.printsJSON, Descriptor.isTerminal(0), Descriptor.isTerminal(2) else { return true }
        context.output.error(failure.text)
        guard let answer = try Terminal.ask("It does not work yet. Keep it all the same? [Y/n] ") else { return true }
        return !["n", "no", "nein"].contains(String(decoding: answer, as: UTF8.self).lowercased())
    }

    private func conclude(_ trial: Trial, _ context: CommandContext) throws {
        guard !context.global.quiet || context.printsJSON else { return }
        var text = "Added the \(Kind.kind.rawValue) \"\(name.text)\"."
        var json: JSONValue = [
            "version": .schemaVersion, "type": .string("\(Kind.kind.rawValue).add"), "name": .string(name.text),
        ]
        switch trial {
        case .none: break
        case .success(let found):
            text += " It works: \(printable(found.utf8))"
            json = json.adding(["works": true, "found": .string(found)])
        case .failure(let failure):
            let problem = [failure.reason, failure.advice].compactMap { $0 }.joined(separator: " ")
            if !context.printsJSON { context.warn("It does not work yet. \(problem)") }
            json = json.adding(["works": false, "problem": .string(problem)])
        }
        try context.show(text: text, json: json)
    }

    private func pairsHaveSecrets(_ entry: Entry) -> Bool { entry.keys.contains(where: SecretKeys.contains) }
}

extension EntryKind {
    fileprivate var purpose: ConnectorRegistry.Purpose {
        switch self {
        case .source: .source
        case .destination: .destination
        case .store: .store
        }
    }
}

struct EntrySetCommand<Kind: EntryKindProvider>: ContextualCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "set", abstract: "Change keys of a \(Kind.kind.rawValue).",
            discussion: "Example:\n  fasti \(Kind.kind.rawValue) set NAME username=berta")
    }

    @Argument(help: "The name of the entry.") var name: EntryName
    @Argument(help: "The keys and their new values.") var values: [KeyValue]
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try context.configuration.edit(Kind.kind) { file throws(ConfigurationError) in
            try file.change(name.text) { entry throws(ConfigurationError) in
                for pair in values { try entry.set(pair.key, to: pair.value) }
            }
        }
        try confirm("Changed the \(Kind.kind.rawValue) \"\(name.text)\".", Kind.kind, name.text, "set", context)
        await warnOfMistakes(context)
        return .success
    }

    /// A key that nobody knows is kept, since others may follow; but a mistake should not wait for the next backup.
    private func warnOfMistakes(_ context: CommandContext) async {
        guard Kind.kind != .store, !context.printsJSON,
            let entry = try? context.configuration.read(Kind.kind).entry(name.text),
            // A command that prints a secret may ask somebody for something; a mail address has to be looked up.
            !entry.keys.contains(where: { $0.hasSuffix("_cmd") }), !entry.location.contains("@")
        else { return }
        do {
            try await context.withConnector(Kind.kind, named: name.text) { _ in }
        } catch let error as ConnectorError where error.code == .invalidConfiguration {
            let problem = [error.reason, error.advice].compactMap { $0 }.joined(separator: " ")
            context.warn("It does not make sense yet. \(problem)")
        } catch {
            // Anything else is for "check" and "ping" to tell.
        }
    }
}

struct EntryUnsetCommand<Kind: EntryKindProvider>: ContextualCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "unset", abstract: "Remove keys of a \(Kind.kind.rawValue).",
            discussion: "Example:\n  fasti \(Kind.kind.rawValue) unset NAME password")
    }

    @Argument(help: "The name of the entry.") var name: EntryName
    @Argument(help: "The keys to remove.") var keys: [String]
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try context.configuration.edit(Kind.kind) { file throws(ConfigurationError) in
            try file.change(name.text) { entry throws(ConfigurationError) in
                for key in keys { try entry.unset(key) }
            }
        }
        try confirm("Changed the \(Kind.kind.rawValue) \"\(name.text)\".", Kind.kind, name.text, "unset", context)
        return .success
    }
}

struct EntryRemoveCommand<Kind: EntryKindProvider>: ContextualCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "rm", abstract: "Forget a \(Kind.kind.rawValue).",
            discussion: """
                Only the name and its keys are forgotten; nothing is deleted at the location.

                Example:
                  fasti \(Kind.kind.rawValue) rm NAME
                """)
    }

    @Argument(help: "The name of the entry.") var name: EntryName
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try context.configuration.edit(Kind.kind) { file throws(ConfigurationError) in try file.remove(name.text) }
        try confirm("Removed the \(Kind.kind.rawValue) \"\(name.text)\".", Kind.kind, name.text, "rm", context)
        return .success
    }
}

/// `store default NAME`: plakar leaves this to an editor.
struct EntryDefaultCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "default", abstract: "Choose the store that is used without \"at\".",
        discussion: "Example:\n  fasti store default home")

    @Argument(help: "The name of the store.") var name: EntryName
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try context.configuration.edit(.store) { file throws(ConfigurationError) in
            file.defaultName = try file.entry(name.text).name
        }
        try confirm("\"\(name.text)\" is the default store.", .store, name.text, "default", context)
        return .success
    }
}
