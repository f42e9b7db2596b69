internal import ArgumentParser
internal import FastiConfiguration

/// `source`, `destination` and `store` have the same subcommands; they differ in the kind alone.
protocol EntryKindProvider: Sendable {
    static var kind: EntryKind { get }
    /// Locations for the examples of the help.
    static var example: String { get }
}

enum SourceKind: EntryKindProvider {
    static let kind = EntryKind.source
    static let example = "my-caldav caldav://cal.example.org username=anna"
}

enum DestinationKind: EntryKindProvider {
    static let kind = EntryKind.destination
    static let example = "my-restore caldav://cal.example.org username=anna"
}

enum StoreKind: EntryKindProvider {
    static let kind = EntryKind.store
    static let example = "home /var/backups passphrase_cmd='pass show backup'"
}

struct SourceCommand: AsyncParsableCommand {
    static let configuration = entryGroup(
        SourceKind.self, abstract: "Give names to what is backed up.",
        discussion: "A source is used as @NAME: fasti at /var/backups backup @my-caldav.",
        more: [EntryLoginCommand<SourceKind>.self])
}

struct DestinationCommand: AsyncParsableCommand {
    static let configuration = entryGroup(
        DestinationKind.self, abstract: "Give names to places that are restored to.",
        discussion: "A destination is used as @NAME: fasti at /var/backups restore --to @my-restore latest.",
        more: [EntryLoginCommand<DestinationKind>.self])
}

struct StoreCommand: AsyncParsableCommand {
    static let configuration = entryGroup(
        StoreKind.self, abstract: "Give names to stores of snapshots.",
        discussion: "A store is used as @NAME: fasti at @home ls.", more: [EntryDefaultCommand.self])
}

private func entryGroup<Kind: EntryKindProvider>(
    _ kind: Kind.Type, abstract: String, discussion: String, more: [any ParsableCommand.Type] = []
) -> CommandConfiguration {
    CommandConfiguration(
        commandName: kind.kind.rawValue, abstract: abstract,
        discussion: """
            \(discussion)

            Every value is a text, KEY=VALUE. What other people could see on the command line or in the file need \
            not be there: instead of a secret such as password, give password_cmd, a command that prints it, or \
            password_file, a file that holds it. Secrets are never shown unless --secrets is given.
            """,
        subcommands: [
            EntryAddCommand<Kind>.self, EntrySetCommand<Kind>.self, EntryUnsetCommand<Kind>.self,
            EntryRemoveCommand<Kind>.self, EntryShowCommand<Kind>.self, EntryCheckCommand<Kind>.self,
            EntryPingCommand<Kind>.self, EntryImportCommand<Kind>.self,
        ] + more)
}

extension ContextualCommand {
    /// What a change of the configuration answers.
    func confirm(_ text: String, _ kind: EntryKind, _ name: String, _ action: String, _ context: CommandContext) throws
    {
        guard !context.global.quiet || context.printsJSON else { return }
        try context.show(
            text: text,
            json: [
                "version": .schemaVersion, "type": .string("\(kind.rawValue).\(action)"), "name": .string(name),
            ])
    }
}

/// A name that can be that of an entry, so that a wrong one is a usage error.
struct EntryName: ExpressibleByArgument, Hashable, Sendable {
    let text: String

    init?(argument: String) {
        guard let name = try? Entry.canonicalName(argument) else { return nil }
        text = name
    }
}
