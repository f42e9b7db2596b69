internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import FastiConfiguration
internal import Kloset
internal import KlosetFormat

/// What the completion scripts call: prints a candidate in each line, with a tab and its meaning after it; `:files` and
/// `:folders` have the shell look for itself. It never asks for anything and never fails.
struct CompleteCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "complete", abstract: "Tell a shell what could be typed next.", shouldDisplay: false)

    @Argument(parsing: .postTerminator, help: "The words after the name of the program.") var words: [String] = []
    @OptionGroup(title: "Global options") var global: GlobalOptions

    private typealias Candidate = CompletionEngine.Candidate

    func run(in context: CommandContext) async throws -> ExitStatus {
        guard let root = try? CommandTree.read().command else { return .success }
        let engine = CompletionEngine(words, root: root)
        for candidate in await candidates(engine, context)
        where candidate.text.hasPrefix(engine.current) || candidate.text.hasPrefix(":") {
            let first = candidate.description.split(separator: "\n").first.map(String.init) ?? ""
            try context.output.line(first.isEmpty ? candidate.text : "\(candidate.text)\t\(first)")
        }
        return .success
    }

    private func candidates(_ engine: CompletionEngine, _ context: CommandContext) async -> [Candidate] {
        switch engine.wanted {
        case .candidates(let list): return list
        case .files: return [Candidate(text: ":files")]
        case .folders: return [Candidate(text: ":folders")]
        case .nothing: return []
        case .name(let kind): return names(kind, context).map { Candidate(text: $0) }
        case .place(let kind):
            if engine.current.hasPrefix("@") { return names(kind, context).map { Candidate(text: "@\($0)") } }
            guard engine.current.isEmpty else { return [Candidate(text: ":files")] }
            return names(kind, context).map { Candidate(text: "@\($0)") } + [Candidate(text: ":files")]
        case .snapshot:
            let found = try? await snapshots(engine, context)
            return found ?? [Candidate(text: "latest", description: "The newest snapshot.")]
        }
    }

    private func names(_ kind: String, _ context: CommandContext) -> [String] {
        if kind == "policy" { return (try? context.configuration.readPolicies().names) ?? [] }
        return EntryKind(rawValue: kind).flatMap { try? context.configuration.read($0).names } ?? []
    }

    /// Snapshots by their identifiers, and what is in the one that was named already.
    private func snapshots(_ engine: CompletionEngine, _ context: CommandContext) async throws -> [Candidate] {
        guard let repository = try await context.openWithoutAsking(engine.location) else {
            return [Candidate(text: "latest", description: "The newest snapshot.")]
        }
        return try await context.closing(repository.close) {
            guard engine.current.contains(":"), let reference = SnapshotReference(engine.current) else {
                let headers = try await repository.snapshots().headers
                return [Candidate(text: "latest", description: "The newest snapshot.")]
                    + headers.prefix(200).map { header in
                        Candidate(
                            text: header.identifier.shortHex,
                            description: "\(Format.time(header.timestamp)) \(header.root)")
                    }
            }
            return try await paths(reference, engine.current, repository)
        }
    }

    private func paths(
        _ reference: SnapshotReference, _ text: String, _ repository: Repository
    ) async throws -> [Candidate] {
        let snapshot = try await reference.find(in: repository)
        // Everything up to the last slash stays as it was typed.
        let typed = text[...(text.lastIndex(of: "/") ?? text.firstIndex(of: ":") ?? text.startIndex)]
        guard let folder = SnapshotReference(String(typed)) else { return [] }
        return try await snapshot.children(of: folder.path(below: snapshot.header.root)).prefix(500).compactMap {
            entry in
            guard let name = String(validating: entry.name, as: UTF8.self) else { return nil }
            return Candidate(text: "\(typed)\(name)\(entry.isDirectory ? "/" : "")")
        }
    }
}

extension CommandContext {
    /// Opens a store for a completion: nobody is asked, and no command that prints a passphrase is run.
    ///
    /// - Returns: nil when that is not possible.
    func openWithoutAsking(_ location: String?) async throws -> Repository? {
        let reference =
            try location.map { try PlaceReference($0) } ?? configuration.defaultStore(environment: environment)
        let place = try configuration.resolve(reference, kind: .store, environment: environment)
        guard !place.values.keys.contains(where: { $0.hasSuffix("_cmd") }) else { return nil }
        let store = try await registry.store(place.configuration(workingDirectory: workingDirectory))
        let locked = try await LockedRepository.read(store)
        guard locked.isEncrypted else { return try await locked.unlock(passphrase: nil) }
        guard let found = try search(place).find() else { return nil }
        return try await locked.unlock(passphrase: found.passphrase)
    }
}
