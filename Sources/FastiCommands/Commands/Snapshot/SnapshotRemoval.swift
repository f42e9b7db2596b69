internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

/// The options of commands that remove snapshots: nothing happens without `--apply`.
struct RemovalOptions: ParsableArguments {
    @Flag(name: .customLong("apply"), help: "Do it; otherwise it is only shown.") var apply = false

    @Flag(
        name: [.customLong("yes"), .customShort("y")],
        help: "Do not ask before removing. Nobody is asked without a terminal either.")
    var yes = false
}

/// Shows which snapshots go and which stay, and why; asks; removes.
struct SnapshotRemoval {
    /// `rm` or `prune`.
    let command: String
    let plan: RetentionPlan
    /// Snapshots to be removed whose headers cannot be read.
    var unreadable: [MAC] = []
    let options: RemovalOptions
    /// What is answered when everything goes well.
    var status = ExitStatus.success

    private var removed: [MAC] { plan.removed.map(\.identifier) + unreadable }

    func run(_ repository: Repository, _ context: CommandContext) async throws -> ExitStatus {
        let removed = removed
        if !context.printsJSON { try showPlan(context) }
        if options.apply {
            try confirm(context)
            for identifier in removed {
                try Task.checkCancellation()
                try await repository.delete(snapshot: identifier)
            }
        }
        try conclude(context)
        return status
    }

    private func showPlan(_ context: CommandContext) throws {
        guard !context.global.quiet else { return }
        if !options.apply {
            try context.output.line(
                "\(command): would keep \(plan.kept.count) and delete \(removed.count) snapshot(s), "
                    + "run with -apply to proceed")
        }
        for item in plan.items {
            let word = item.verdict.isKept ? "keep  " : "delete"
            try context.output.line("\(word) \(SnapshotLine(item.header).text) \(item.verdict)")
        }
        for identifier in unreadable {
            try context.output.line("delete \(identifier.shortHex) (its header cannot be read) reason=asked for")
        }
    }

    /// A person at a terminal is asked; a script has said `--apply` on purpose.
    private func confirm(_ context: CommandContext) throws {
        let isAsked = !options.yes && !context.printsJSON && Descriptor.isTerminal(0) && Descriptor.isTerminal(2)
        guard isAsked, !removed.isEmpty else { return }
        try context.output.flush()
        let question = "Remove \(Format.count(removed.count, "snapshot"))? [y/N] "
        guard let answer = try Terminal.ask(question) else { return }
        let text = String(decoding: answer, as: UTF8.self).lowercased()
        guard ["y", "yes", "j", "ja"].contains(text) else {
            throw CommandError(.interrupted, "Nothing was removed.")
        }
    }

    private func conclude(_ context: CommandContext) throws {
        let removed = removed
        if context.printsJSON {
            try context.output.json([
                "version": .schemaVersion, "type": .string(command), "applied": .boolean(options.apply),
                "snapshots": .strings(removed.map(\.hex)),
                "verdicts": .array(plan.items.map { $0.header.json.adding($0.verdict.members) }),
            ])
        } else if options.apply {
            try context.output.line(
                "\(command): kept \(plan.kept.count) and deleted \(removed.count) snapshot(s)")
        }
        guard !removed.isEmpty else { return }
        let grace = context.environmentValue("GRACEPERIOD")?.value ?? "7 days"
        context.note(
            "The space that only they take is freed by \"fasti at LOCATION maintenance\", "
                + "once the grace period (\(grace)) is over.")
    }
}

extension RetentionVerdict {
    /// For programs, beside the members of the snapshot.
    fileprivate var members: KeyValuePairs<String, JSONValue> {
        switch self {
        case .kept(.rule(let period, let bucket, let rank, let cap)):
            [
                "kept": true, "reason": "rule", "period": .string(period.rawValue), "bucket": .string(bucket),
                "rank": .count(rank), "cap": cap.map { .count($0) } ?? .null,
            ]
        case .kept(.newest(let rank, let count)):
            ["kept": true, "reason": "newest", "rank": .count(rank), "cap": .count(count)]
        case .kept(.noRule): ["kept": true, "reason": "no-rule"]
        case .kept(.lastOfSource): ["kept": true, "reason": "last-of-source"]
        case .kept(.lastCompleteOfSource): ["kept": true, "reason": "last-complete-of-source"]
        case .removed(.exceedsCap): ["kept": false, "reason": "exceeds-cap"]
        case .removed(.outsideWindows): ["kept": false, "reason": "outside-windows"]
        case .removed(.supersededIncomplete): ["kept": false, "reason": "superseded-incomplete"]
        case .removed(.requested): ["kept": false, "reason": "requested"]
        }
    }
}
