internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import FastiConfiguration
internal import Kloset
internal import KlosetFormat

struct PruneCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove snapshots that no rule keeps.",
        discussion: """
            A rule counts periods that have snapshots: --days 7 keeps everything of the last seven days on which \
            there was one, --per-day 1 the newest of each day, both together the newest of each of those days. What \
            any rule keeps is kept. Incomplete snapshots never take the place of complete ones. The last snapshot of \
            a source and its last complete one always stay.

            Without --apply it is only shown what would be removed, and why. Days and weeks are those of the local \
            clock. The space is freed by "maintenance", some days later.

            Examples:
              fasti at /var/backups prune --days 14 --per-day 1 --months 12 --per-month 1
              fasti at /var/backups prune --newest 30 --group-by origin --apply
              fasti at /var/backups prune --policy gfs --apply
            """)

    static let worksOnStore = true

    @Argument(help: ArgumentHelp("Judge these snapshots only.", valueName: "snapshot"))
    var targets: [SnapshotArgument] = []
    @Option(
        name: .customLong("policy"),
        help: ArgumentHelp("A policy by name; options given beside it win.", valueName: "policy"))
    var policy: EntryName?
    @OptionGroup var removal: RemovalOptions
    @OptionGroup var selection: SelectionOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        try targets.requireWholeSnapshots("only whole snapshots can be removed.")
        if policy == nil, selection.periods.isEmpty {
            throw ValidationError(
                "No rule says what to keep: add --days 7, --newest 10 or the like. To remove snapshots, use rm.")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let moment = context.moment
        // A policy that cannot be understood is told before anyone is asked for a passphrase.
        let base = try policy.map { name in
            try SnapshotSelection(context.configuration.readPolicies().policy(name.text), at: moment, context)
        }
        let selection = selection.selection(at: moment, over: base ?? SnapshotSelection())
        return try await context.withRepository { repository in
            context.explain(self.selection.conditions, at: moment)
            let listing = try await repository.snapshots()
            listing.warn(context)
            var plan = selection.plan(listing.headers, in: moment.calendar)
            if !targets.isEmpty {
                plan = plan.only(try await context.named(targets, in: repository, listing).map(\.identifier))
            }
            guard !plan.items.isEmpty else {
                throw CommandError(.nothingSelected, "No snapshot fits what was asked for.")
            }
            let status: ExitStatus = listing.isSound ? .success : .damaged
            let removal = SnapshotRemoval(command: "prune", plan: plan, options: removal, status: status)
            return try await removal.run(repository, context)
        }
    }
}
