internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

struct DuplicateCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "dup", abstract: "Make a second snapshot of the same contents.",
        discussion: """
            The copy has an identifier and a time of its own, and shares everything else: it takes next to no space, \
            and stays when the original is removed.

            Examples:
              fasti at /var/backups dup 3f2a
              fasti at /var/backups dup latest
            """)

    static let worksOnStore = true

    @Argument(help: ArgumentHelp("The snapshots.", valueName: "snapshot")) var targets: [SnapshotArgument]
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws { try targets.requireWholeSnapshots("only whole snapshots can be duplicated.") }

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await context.withRepository { repository in
            // All of them exist before the first one is made.
            var originals: [MAC] = []
            for target in targets { originals.append(try await target.reference.find(in: repository).identifier) }
            var copies: [(original: MAC, copy: MAC)] = []
            for original in originals {
                try Task.checkCancellation()
                let header = try await repository.duplicate(snapshot: original)
                copies.append((original, header.identifier))
                if !global.json, !global.quiet {
                    try context.output.line("\(original.shortHex): duplicated as \(header.identifier.shortHex)")
                }
            }
            if global.json {
                try context.output.json([
                    "version": .schemaVersion, "type": "dup",
                    "snapshots": .array(
                        copies.map { ["original": .string($0.original.hex), "snapshot": .string($0.copy.hex)] }),
                ])
            }
            return .success
        }
    }
}
