internal import ArgumentParser
internal import BackupEngine
internal import FastiConfiguration

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Give names to rules for prune.",
        discussion: """
            A policy says which snapshots it is about and what is kept of them, with the names of prune's options as \
            keys: days=14 per-day=1 months=12 tags=calendar before="30 days" group-by=origin. Times that say how long \
            ago mean that at each run.

            It is used by name: fasti at /var/backups prune --policy gfs.
            """,
        subcommands: [
            PolicyAddCommand.self, PolicySetCommand.self, PolicyUnsetCommand.self, PolicyRemoveCommand.self,
            PolicyShowCommand.self,
        ])
}

/// What a change of a policy answers.
private func confirmPolicy(_ text: String, _ name: String, _ action: String, _ context: CommandContext) throws {
    guard !context.global.quiet || context.printsJSON else { return }
    try context.show(
        text: text,
        json: ["version": .schemaVersion, "type": .string("policy.\(action)"), "name": .string(name)])
}

extension Policy {
    fileprivate mutating func set(_ pairs: [KeyValue]) throws(ConfigurationError) {
        for pair in pairs { try set(pair.key, to: pair.value) }
        // What cannot be understood is refused now, not when snapshots are about to be removed.
        do {
            _ = try selection(at: Moment(now: .now, calendar: .system))
        } catch {
            throw ConfigurationError(.invalid, error.reason, advice: error.advice)
        }
    }
}

struct PolicyAddCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a policy.",
        discussion: """
            Examples:
              fasti policy add gfs days=14 per-day=1 months=12 per-month=1
              fasti policy add trials tags=trial newest=3 group-by=origin
            """)

    @Argument(help: "The name to give it.") var name: EntryName
    @Argument(help: ArgumentHelp("What it says.", valueName: "key=value")) var values: [KeyValue] = []
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        var policy = Policy(name: name.text)
        try policy.set(values)
        let added = policy
        try context.configuration.editPolicies { file throws(ConfigurationError) in try file.add(added) }
        try confirmPolicy("Added the policy \"\(name.text)\".", name.text, "add", context)
        return .success
    }
}

struct PolicySetCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change keys of a policy.",
        discussion: "Example:\n  fasti policy set gfs days=30 before=\"1 week\"")

    @Argument(help: ArgumentHelp("The name of the policy.", valueName: "policy")) var name: EntryName
    @Argument(help: ArgumentHelp("The keys and their new values.", valueName: "key=value")) var values: [KeyValue]
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try context.configuration.editPolicies { file throws(ConfigurationError) in
            try file.change(name.text) { policy throws(ConfigurationError) in try policy.set(values) }
        }
        try confirmPolicy("Changed the policy \"\(name.text)\".", name.text, "set", context)
        return .success
    }
}

struct PolicyUnsetCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "unset", abstract: "Remove keys of a policy.",
        discussion: "Example:\n  fasti policy unset gfs per-day")

    @Argument(help: ArgumentHelp("The name of the policy.", valueName: "policy")) var name: EntryName
    @Argument(help: "The keys to remove.") var keys: [String]
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try context.configuration.editPolicies { file throws(ConfigurationError) in
            try file.change(name.text) { policy throws(ConfigurationError) in
                for key in keys { try policy.unset(key) }
            }
        }
        try confirmPolicy("Changed the policy \"\(name.text)\".", name.text, "unset", context)
        return .success
    }
}

struct PolicyRemoveCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Forget a policy.",
        discussion: "No snapshot is touched.\n\nExample:\n  fasti policy rm gfs")

    @Argument(help: ArgumentHelp("The name of the policy.", valueName: "policy")) var name: EntryName
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try context.configuration.editPolicies { file throws(ConfigurationError) in try file.remove(name.text) }
        try confirmPolicy("Removed the policy \"\(name.text)\".", name.text, "rm", context)
        return .success
    }
}

struct PolicyShowCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show policies.",
        discussion: "Examples:\n  fasti policy show\n  fasti policy show gfs --json")

    @Flag(name: .customLong("yaml"), help: "Print YAML, as without any option.") var yaml = false
    @Argument(help: ArgumentHelp("The names of policies; all without any.", valueName: "policy"))
    var names: [EntryName] = []
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if yaml, global.json { throw ValidationError("Only one of --json and --yaml can be had at once.") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let file = try context.configuration.readPolicies()
        let policies =
            names.isEmpty ? try file.names.map { try file.policy($0) } : try names.map { try file.policy($0.text) }
        if global.json {
            try context.output.json([
                "version": .schemaVersion, "type": "policy.list", "policies": .array(policies.map(\.json)),
            ])
            return .success
        }
        if policies.isEmpty { context.note("No policy has a name yet.") }
        for policy in policies { try context.output.line(policy.yaml) }
        return .success
    }
}

extension Policy {
    fileprivate var json: JSONValue {
        let members = sortedKeys.map { JSONValue.Member(name: $0, value: .string(self[$0] ?? "")) }
        return ["name": .string(name), "values": .object(members)]
    }
}
