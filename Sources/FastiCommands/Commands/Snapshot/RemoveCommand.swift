internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

struct RemoveCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove snapshots.",
        discussion: """
            Without --apply it is only shown what would be removed. A snapshot that is named is removed; options \
            that select snapshots spare the last one of each source and its last complete one, unless --even-last \
            is given. The space is freed by "maintenance", some days later.

            Examples:
              fasti at /var/backups rm 3f2a
              fasti at /var/backups rm --apply 3f2a 81cc
              fasti at /var/backups rm --apply --tag trial
              fasti at /var/backups rm --before "1 year"
            """)

    static let worksOnStore = true

    @Flag(name: .customLong("even-last"), help: "Remove also the last snapshot of a source.") var evenLast = false
    @Argument(help: ArgumentHelp("The snapshots.", valueName: "snapshot")) var targets: [SnapshotArgument] = []
    @OptionGroup var removal: RemovalOptions
    @OptionGroup(title: "Selection") var conditions: FilterOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if targets.isEmpty, conditions.isEmpty {
            throw ValidationError("Name the snapshots, or select them by options: nothing is removed by accident.")
        }
        if !targets.isEmpty, !conditions.isEmpty {
            throw ValidationError("Snapshots and options that select snapshots cannot be given together.")
        }
        try targets.requireWholeSnapshots("only whole snapshots can be removed.")
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await context.withRepository { repository in
            let moment = context.moment
            context.explain(conditions, at: moment)
            if !targets.isEmpty { return try await removeNamed(repository, context) }
            let chosen = try await context.choose(
                [], by: SnapshotSelection(filter: conditions.filter(at: moment)), in: repository, at: moment)
            let plan = RetentionPlan(
                removing: chosen.headers, of: chosen.listing.headers, sparesLast: !evenLast)
            let removal = SnapshotRemoval(command: "rm", plan: plan, options: removal, status: chosen.status)
            return try await removal.run(repository, context)
        }
    }

    /// A snapshot whose header is damaged can be removed, too.
    private func removeNamed(_ repository: Repository, _ context: CommandContext) async throws -> ExitStatus {
        let listing = try await repository.snapshots()
        var wanted: Set<MAC> = []
        for target in targets {
            if let prefix = target.reference.prefix {
                wanted.insert(try await repository.identifier(prefix: prefix))
            } else {
                wanted.insert(try await target.reference.find(in: repository).header.identifier)
            }
        }
        let headers = listing.headers.filter { wanted.contains($0.identifier) }
        let plan = RetentionPlan(removing: headers, of: listing.headers, sparesLast: false)
        let last = RetentionPlan.protected(listing.headers)
        for header in headers {
            if let keeper = last[header.identifier] {
                context.warn("\(header.identifier.shortHex) is \(keeper.inWords).")
            }
        }
        let unreadable = wanted.subtracting(headers.map(\.identifier)).sorted()
        let removal = SnapshotRemoval(command: "rm", plan: plan, unreadable: unreadable, options: removal)
        return try await removal.run(repository, context)
    }
}

extension RetentionVerdict.Keeper {
    fileprivate var inWords: String {
        self == .lastOfSource ? "the last snapshot of its source" : "the last complete snapshot of its source"
    }
}
