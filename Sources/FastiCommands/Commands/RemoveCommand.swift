internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

struct RemoveCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove snapshots.",
        discussion: """
            Without --apply it is only shown what would be removed. The space is not freed at once.

            Examples:
              fasti at /var/backups rm 3f2a
              fasti at /var/backups rm --apply 3f2a 81cc
              fasti at /var/backups rm --apply --tag trial
            """)

    static let worksOnStore = true

    @Flag(name: .customLong("apply"), help: "Do it.") var apply = false
    @Argument(help: ArgumentHelp("The snapshots.", valueName: "snapshot")) var targets: [SnapshotArgument] = []
    @OptionGroup(title: "Selection") var selection: SelectionOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if targets.isEmpty, selection.filter.isEmpty {
            throw ValidationError("Name the snapshots, or select them by options: nothing is removed by accident.")
        }
        if !targets.isEmpty, !selection.filter.isEmpty {
            throw ValidationError("Snapshots and options that select snapshots cannot be given together.")
        }
        for target in targets where target.reference.path != nil {
            throw ValidationError("\"\(target.text)\": only whole snapshots can be removed.")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await context.withRepository { repository in
            let chosen = try await choose(repository, context)
            if apply {
                for identifier in chosen {
                    try Task.checkCancellation()
                    try await repository.delete(snapshot: identifier)
                    if !global.json, !global.quiet { try context.output.line("\(identifier.shortHex): removed") }
                }
            } else if !global.json {
                for identifier in chosen { try context.output.line("\(identifier.shortHex): would be removed") }
                context.note("Nothing was removed; run it with --apply to do it.")
            }
            if global.json {
                try context.output.json([
                    "version": .schemaVersion, "type": "rm", "applied": .boolean(apply),
                    "snapshots": .strings(chosen.map(\.hex)),
                ])
            }
            return .success
        }
    }

    private func choose(_ repository: Repository, _ context: CommandContext) async throws -> [MAC] {
        var chosen: [MAC] = []
        for target in targets {
            // A snapshot whose header is damaged can be removed, too.
            let identifier =
                if let prefix = target.reference.prefix {
                    try await repository.identifier(prefix: prefix)
                } else {
                    try await target.reference.find(in: repository).header.identifier
                }
            if !chosen.contains(identifier) { chosen.append(identifier) }
        }
        guard targets.isEmpty else { return chosen }
        let listing = try await repository.snapshots()
        listing.warn(context)
        chosen = selection.filter.apply(listing.headers).map(\.identifier)
        guard !chosen.isEmpty else { throw CommandError(.nothingSelected, "No snapshot fits what was asked for.") }
        return chosen
    }
}
