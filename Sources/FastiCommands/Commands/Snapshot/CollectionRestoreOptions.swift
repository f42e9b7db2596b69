internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

/// The options of a restore to a CalDAV or CardDAV server.
struct CollectionRestoreOptions: ParsableArguments {
    enum Mode: String, ExpressibleByArgument, CaseIterable, Sendable {
        case new, merge, overwrite, exact
    }

    @Option(
        name: .customLong("mode"),
        help: ArgumentHelp(
            "new (beside what is there), merge (add what is missing), overwrite, or exact.", valueName: "mode"))
    var mode: Mode?

    @Option(
        name: .customLong("map"),
        help: ArgumentHelp(
            "Restore a folder of the snapshot into that collection, by name or address. May repeat.",
            valueName: "folder=collection"))
    var map: [KeyValue] = []

    @Flag(name: .customLong("delete"), help: "With --mode exact: remove without asking.") var deletes = false

    @Option(
        name: .customLong("rejects"),
        help: ArgumentHelp("Put what could not be restored into this folder.", valueName: "folder"))
    var rejects: String?

    func validate() throws {
        if deletes, mode != nil, mode != .exact { throw ValidationError("--delete belongs to --mode exact.") }
    }

    /// As the connector takes them.
    var options: [String: String] {
        var options: [String: String] = [:]
        if let mode { options["mode"] = mode.rawValue }
        if !map.isEmpty { options["map"] = map.map { "\($0.key)=\($0.value)" }.joined(separator: "\n") }
        return options
    }

    /// Writes the files that failed into a folder, so that nobody has to look for them in the snapshot.
    ///
    /// - Parameter path: what was restored; failures are named from there on.
    func keepRejects(
        of summary: RestoreSummary, _ snapshot: Snapshot, _ path: BytePath, _ context: CommandContext
    ) async throws {
        guard let rejects, !summary.failures.isEmpty else { return }
        let isDirectory = try await snapshot.entry(at: path)?.isDirectory ?? true
        let base = isDirectory ? path : path.parent ?? .root
        var files: Set<BytePath> = []
        for failure in summary.failures.items {
            let file = failure.path.joined(to: base)
            if try await snapshot.entry(at: file)?.info.mode.isRegular == true { files.insert(file) }
        }
        guard !files.isEmpty else { return }
        let place = rejects.hasPrefix("/") ? rejects : "\(context.workingDirectory)/\(rejects)"
        let exporter = try await context.registry.exporter(
            ConnectorConfiguration(
                location: Location(scheme: "fs", rest: place), options: [:],
                workingDirectory: context.workingDirectory))
        try await context.closing(exporter.close) {
            var job = RestoreJob(snapshot: snapshot, path: base, exporter: exporter)
            job.selection = files
            let kept = try await job.run { _ in }
            context.note("\(Format.count(kept.counts.files, "rejected file")) kept in \(rejects).")
        }
    }
}

extension RestoreOutline {
    /// `"Work" -> /user/calendars/work/ (new): 12 added, 3 replaced`
    func line(isRehearsal: Bool) -> String {
        let verbs =
            isRehearsal
            ? ["to add", "to replace", "there already", "to be left alone", "to remove", "that cannot be restored"]
            : ["added", "replaced", "there already", "left alone", "removed", "failed"]
        let counts = [added, replaced, unchanged, kept, removed, failed]
        let parts = zip(counts, verbs).filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        let nothing = !isNew ? "nothing to do" : isRehearsal ? "to make" : "made"
        let what = parts.isEmpty ? nothing : parts.joined(separator: ", ")
        return "\"\(title)\" -> \(place)\(isNew ? " (new)" : ""): \(what)"
    }

    var json: JSONValue {
        [
            "directory": .path(directory.bytes), "title": .string(title), "place": .string(place),
            "new": .boolean(isNew), "added": .count(added), "replaced": .count(replaced),
            "unchanged": .count(unchanged), "kept": .count(kept), "removed": .count(removed), "failed": .count(failed),
            "differences": .strings(differences),
        ]
    }
}
