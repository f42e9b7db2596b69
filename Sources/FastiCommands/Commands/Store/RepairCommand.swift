internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

struct RepairCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair", abstract: "Write lost or damaged states of a store anew.",
        discussion: """
            States say where everything is. One that is missing or cannot be read hides the snapshots that only it \
            lists; what they consist of is still there, and says itself what it is. Without --apply it is only told \
            what would be done. Run "check" afterwards. The exit status is 65 when something stays lost.

            Examples:
              fasti at /var/backups repair
              fasti at /var/backups repair --apply
            """)

    static let worksOnStore = true

    @Flag(name: .customLong("apply"), help: "Do it; otherwise it is only shown.") var apply = false
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await context.withRepository { repository in
            let display = context.display(JobTitle(workflow: "repair", repository: repository.identifier))
            do {
                let report = try await RepairJob(repository: repository, applies: apply).run(display.show)
                let status: ExitStatus = report.leavesDamage ? .damaged : .success
                try context.conclude(display, text: text(report), json: json(report, status))
                return status
            } catch {
                display.end()
                throw error
            }
        }
    }

    private func text(_ report: RepairReport) -> String {
        guard !report.isSound else { return "repair: nothing to repair" }
        var lines: [String] = []
        for state in report.rebuilt {
            let snapshots = state.snapshots.map(\.shortHex).joined(separator: ", ")
            lines.append(
                "state \(state.state.shortHex): \(apply ? "written" : "would be written") anew from "
                    + "\(Format.count(state.packfiles.count, "packfile")) with \(Format.count(state.blobs, "blob"))"
                    + (snapshots.isEmpty ? "" : ", brings back \(snapshots)"))
        }
        for state in report.replaced {
            lines.append(
                "state \(state.shortHex): \(apply ? "replaced" : "would be replaced") by an empty one, "
                    + "everything is listed without it")
        }
        lines.append(
            !apply && (!report.rebuilt.isEmpty || !report.replaced.isEmpty)
                ? "repair: run with --apply to proceed" : "repair: done")
        if report.leavesDamage {
            lines.append("Something stays lost: \"check\" names what is hurt.")
        }
        return lines.joined(separator: "\n")
    }

    private func json(_ report: RepairReport, _ status: ExitStatus) -> JSONValue {
        [
            "applied": .boolean(apply), "sound": .boolean(report.isSound),
            "unreadableStates": .array(
                report.unreadable.map { ["state": .string($0.state.hex), "error": .string($0.reason)] }),
            "missingStates": .strings(report.missing.map(\.hex)),
            "rebuilt": .array(
                report.rebuilt.map {
                    [
                        "state": .string($0.state.hex), "packfiles": .strings($0.packfiles.map(\.hex)),
                        "blobs": .count($0.blobs), "snapshots": .strings($0.snapshots.map(\.hex)),
                    ]
                }),
            "replacedStates": .strings(report.replaced.map(\.hex)),
            "lostPackfiles": .strings(report.lostPackfiles.map(\.hex)),
            "damagedPackfiles": .array(
                report.damagedPackfiles.map { ["packfile": .string($0.packfile.hex), "error": .string($0.reason)] }),
            "exitStatus": .count(status.rawValue),
        ]
    }
}
