internal import ArgumentParser
internal import ConnectorKit
internal import FastiConfiguration

struct EntryShowCommand<Kind: EntryKindProvider>: ContextualCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "show", abstract: "Show the \(Kind.kind.plural) that have names.",
            discussion: """
                Secrets are shown as \(SecretKeys.mask) unless --secrets is given.

                Examples:
                  fasti \(Kind.kind.rawValue) show
                  fasti \(Kind.kind.rawValue) show --secrets NAME
                """)
    }

    @Flag(name: .customLong("secrets"), help: "Show secrets as they are.") var secrets = false
    @Flag(name: .customLong("ini"), help: "Print sections of KEY=VALUE lines.") var ini = false
    @Flag(name: .customLong("yaml"), help: "Print YAML, as without any option.") var yaml = false
    @Argument(help: "The names of entries; all without any.") var names: [EntryName] = []
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        guard [ini, yaml, global.json].count(where: { $0 }) <= 1 else {
            throw ValidationError("Only one of --json, --ini and --yaml can be had at once.")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let file = try context.configuration.read(Kind.kind)
        let entries =
            names.isEmpty ? try file.names.map { try file.entry($0) } : try names.map { try file.entry($0.text) }
        if global.json {
            try context.output.json([
                "version": .schemaVersion, "type": .string("\(Kind.kind.rawValue).list"),
                "default": .optional(file.defaultName), "entries": .array(entries.map(json)),
            ])
            return .success
        }
        if entries.isEmpty { context.note("No \(Kind.kind.rawValue) has a name yet.") }
        for entry in entries {
            if ini {
                try context.output.line("[\(entry.name)]")
                for key in entry.keys { try context.output.line("\(key)=\(value(key, of: entry))") }
            } else {
                let values = Dictionary(uniqueKeysWithValues: entry.keys.map { ($0, value($0, of: entry)) })
                try context.output.line(Entry(name: entry.name, values: values).yaml)
            }
        }
        return .success
    }

    private func json(_ entry: Entry) -> JSONValue {
        let values = entry.keys.map { JSONValue.Member(name: $0, value: .string(value($0, of: entry))) }
        return ["name": .string(entry.name), "values": .object(values)]
    }

    private func value(_ key: String, of entry: Entry) -> String {
        guard let value = entry[key] else { return "" }
        return secrets ? value : SecretKeys.shown(value, of: key)
    }
}

struct EntryCheckCommand<Kind: EntryKindProvider>: ContextualCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "check", abstract: "See whether the keys of a \(Kind.kind.rawValue) make sense.",
            discussion: "Example:\n  fasti \(Kind.kind.rawValue) check NAME")
    }

    @Argument(help: "The name of the entry.") var name: EntryName
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await context.withConnector(Kind.kind, named: name.text) { _ in }
        try context.show(
            text: "The configuration of \"\(name.text)\" makes sense.",
            json: [
                "version": .schemaVersion, "type": .string("\(Kind.kind.rawValue).check"), "name": .string(name.text),
                "ok": true,
            ])
        return .success
    }
}

struct EntryPingCommand<Kind: EntryKindProvider>: ContextualCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "ping", abstract: "Connect to a \(Kind.kind.rawValue) and tell what is there.",
            discussion: "Example:\n  fasti \(Kind.kind.rawValue) ping NAME", aliases: ["test"])
    }

    @Argument(help: "The name of the entry.") var name: EntryName
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let found = try await context.withConnector(Kind.kind, named: name.text) { connector in
            switch connector {
            case .importer(let importer): try await importer.ping()
            case .exporter(let exporter): try await exporter.ping()
            case .store(let store):
                "a store with \(Format.count(try await store.openAndCountStates(), "state"))"
            }
        }
        try context.show(
            text: "\"\(name.text)\" works: \(printable(found.utf8))",
            json: [
                "version": .schemaVersion, "type": .string("\(Kind.kind.rawValue).ping"), "name": .string(name.text),
                "ok": true, "found": .string(found),
            ])
        return .success
    }
}

/// A connector in one of the three roles.
enum AnyConnector: Sendable {
    case importer(any Importer)
    case exporter(any Exporter)
    case store(any Store)
}

extension CommandContext {
    /// Builds the connector of an entry, and closes it when `body` is done.
    func withConnector<Result: Sendable>(
        _ kind: EntryKind, named name: String, _ body: (AnyConnector) async throws -> Result
    ) async throws -> Result {
        let place = try configuration.resolve(.named(name, override: nil), kind: kind, environment: environment)
        let settings = try place.configuration(workingDirectory: workingDirectory)
        switch kind {
        case .source:
            let importer = try await registry.importer(settings)
            return try await closing(importer.close) { try await body(.importer(importer)) }
        case .destination:
            let exporter = try await registry.exporter(settings)
            return try await closing(exporter.close) { try await body(.exporter(exporter)) }
        case .store:
            let store = try await registry.store(settings)
            return try await closing(store.close) { try await body(.store(store)) }
        }
    }

    /// Runs `body`, then closes, whatever came of it.
    func closing<Result: Sendable>(
        _ close: () async -> Void, _ body: () async throws -> Result
    ) async throws -> Result {
        do {
            let result = try await body()
            await close()
            return result
        } catch {
            await close()
            throw error
        }
    }
}

extension Store {
    /// Reading the configuration shows that it is a store; listing shows that its objects can be reached.
    fileprivate func openAndCountStates() async throws -> Int {
        _ = try await open()
        return try await list(.state).count
    }
}
