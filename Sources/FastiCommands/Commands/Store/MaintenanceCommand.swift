internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

struct MaintenanceCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "maintenance", abstract: "Free the space of what no snapshot needs any more.",
        discussion: """
            Removing a snapshot frees nothing by itself. Maintenance looks through all snapshots that are left, \
            schedules the files of the store that none of them needs, and removes those that an earlier maintenance \
            has scheduled a grace period ago (7 days, or FASTI_GRACEPERIOD). So space is free after two runs that lie \
            so far apart; the output tells when. What killed programs have left behind goes the same way.

            Nobody else may write to the store meanwhile. When anything that a snapshot needs is missing or damaged, \
            nothing is changed: "check" names what.

            Examples:
              fasti at /var/backups maintenance
              fasti at /var/backups maintenance --dry-run
              fasti at /var/backups maintenance --grace 0
            """)

    static let worksOnStore = true

    @Flag(name: .customLong("dry-run"), help: "Tell what would be done, and change nothing.") var dryRun = false

    @Option(
        name: .customLong("grace"),
        help: ArgumentHelp(
            "How long to keep what nothing needs, such as 7d or 168h; 0 frees it at once.", valueName: "duration"))
    var grace: GracePeriod?

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        var options = MaintenanceOptions(isRehearsal: dryRun)
        options.grace = try gracePeriod(context)
        options.keepsFiles = try context.environmentFlag("NODELETION")
        return try await context.withRepository { repository in
            let start = ContinuousClock.now
            let display = context.display(JobTitle(workflow: "maintenance", repository: repository.identifier))
            do {
                let report = try await MaintenanceJob(repository: repository, options: options).run(display.show)
                try context.conclude(
                    display, text: text(report, options, .now - start), json: json(report, options, .now - start))
                return .success
            } catch {
                display.end()
                throw error
            }
        }
    }

    private func gracePeriod(_ context: CommandContext) throws -> Duration {
        if let grace { return grace.duration }
        guard let (variable, value) = context.environmentValue("GRACEPERIOD") else {
            return MaintenanceOptions.defaultGrace
        }
        guard let period = GracePeriod(argument: value) else {
            throw CommandError.usage(
                "\(variable) is \"\(value)\", which is no length of time.", advice: "Write 168h or 7d.")
        }
        return period.duration
    }

    // MARK: Output

    private func text(_ report: MaintenanceReport, _ options: MaintenanceOptions, _ duration: Duration) -> String {
        let would = options.isRehearsal
        var lines = [
            "\(would ? "dry run" : "maintenance completed in \(Format.duration(duration))"): "
                + "\(Format.count(report.snapshots, "snapshot")) \(report.snapshots == 1 ? "needs" : "need") "
                + describe(report.used)
        ]
        if !report.removed.isEmpty || !report.leftovers.isEmpty {
            let word = would ? "would free" : options.keepsFiles ? "taken out of the store, files kept" : "freed"
            lines.append("\(word): \(Format.size(report.freedBytes)), \(describe(report.removed, sizes: false))")
        }
        if !report.leftovers.isEmpty {
            lines.append(
                "\(would ? "would remove" : "removed"): "
                    + Format.count(report.leftovers.count, "temporary file") + " of killed programs")
        }
        for (due, packfiles) in byDue(report.scheduled + report.waiting) {
            lines.append("\(would ? "would be" : "to be") freed by a maintenance after \(due): \(describe(packfiles))")
        }
        if !report.rescued.isEmpty {
            lines.append("needed again, \(would ? "would be kept" : "kept"): \(describe(report.rescued))")
        }
        if !report.young.isEmpty {
            lines.append("in no snapshot, but recent, so left alone for now: \(describe(report.young))")
        }
        if !report.damaged.isEmpty {
            lines.append(
                "damaged and in no snapshot, left alone: \(describe(report.damaged.map(\.packfile)))")
        }
        if report.staleLocks > 0 {
            lines.append("removed: \(Format.count(report.staleLocks, "lock")) of programs that are gone")
        }
        if lines.count == 1 { lines.append("nothing to free") }
        return lines.joined(separator: "\n")
    }

    private func describe(_ packfiles: [MaintenanceReport.Packfile], sizes: Bool = true) -> String {
        Format.count(packfiles.count, "packfile") + (sizes ? " (\(Format.size(packfiles.totalSize)))" : "")
    }

    /// In the order of time, to the second.
    private func byDue(
        _ packfiles: [MaintenanceReport.Packfile]
    ) -> [(due: String, packfiles: [MaintenanceReport.Packfile])] {
        Dictionary(grouping: packfiles) { Format.time($0.due ?? .epoch) }
            .map { (due: $0.key, packfiles: $0.value) }.sorted { $0.due < $1.due }
    }

    private func json(_ report: MaintenanceReport, _ options: MaintenanceOptions, _ duration: Duration) -> JSONValue {
        [
            "applied": .boolean(!options.isRehearsal), "snapshots": .count(report.snapshots),
            "graceSeconds": .count(options.grace.components.seconds), "freedBytes": .count(report.freedBytes),
            "usedBytes": .count(report.used.totalSize), "used": .count(report.used.count),
            "removed": list(report.removed), "scheduled": list(report.scheduled), "waiting": list(report.waiting),
            "rescued": list(report.rescued), "young": list(report.young),
            "damaged": .array(
                report.damaged.map {
                    ["packfile": .string($0.packfile.mac.hex), "error": .string($0.reason)]
                }),
            "temporaryFiles": .strings(report.leftovers.map(\.path)), "staleLocks": .count(report.staleLocks),
            "milliseconds": .count(duration.milliseconds), "exitStatus": .count(ExitStatus.success.rawValue),
        ]
    }

    private func list(_ packfiles: [MaintenanceReport.Packfile]) -> JSONValue {
        .array(
            packfiles.map {
                [
                    "packfile": .string($0.mac.hex), "bytes": .count($0.size),
                    "due": $0.due.map { .time($0) } ?? .null,
                ]
            })
    }
}
