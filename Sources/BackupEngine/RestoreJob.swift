package import ConnectorKit
package import Kloset
internal import KlosetFormat

/// Gives a snapshot, or a part of it, back to a destination.
package struct RestoreJob: Sendable {
    package let snapshot: Snapshot
    /// A directory, whose contents are restored, or a single file.
    package let path: BytePath
    package let exporter: any Exporter
    package let concurrency: Int
    /// Files at or below `path`; only they are restored. nil for all.
    package var selection: Set<BytePath>?
    /// Counts what would be done; the exporter must be a `RehearsingExporter`.
    package var isRehearsal = false

    package init(snapshot: Snapshot, path: BytePath, exporter: any Exporter, concurrency: Int = 4) {
        self.snapshot = snapshot
        self.path = path
        self.exporter = exporter
        self.concurrency = concurrency
    }

    /// Restores everything that can be restored, one record after the other.
    ///
    /// - Throws: when nothing can be done at all: there is nothing at the path, the destination refuses to begin or to
    ///   finish, the task was cancelled. What fails by itself is in the summary.
    package func run(_ report: @escaping JobReport) async throws -> RestoreSummary {
        let start = ContinuousClock.now
        guard let entry = try await snapshot.entry(at: path) else {
            throw KlosetError(.notFound, "There is no \(path) in snapshot \(snapshot.header.identifier.shortHex).")
        }
        // A single file is restored into the root of the destination, under its own name.
        let base = entry.isDirectory ? path : path.parent ?? .root
        var run = RestoreRun(snapshot: snapshot, base: base, exporter: exporter, report: report)
        let chosen = selection.map(Selection.init)
        var context = run.context(concurrency: concurrency)
        context.isRehearsal = isRehearsal
        context.isSelection = chosen != nil || !entry.isDirectory
        try await exporter.begin(SubTree(snapshot: snapshot, base: base, selection: chosen), context)
        if !entry.isDirectory, let folder = try await snapshot.entry(at: base) {
            try await run.restore(base, folder)
        }
        try await SnapshotTraversal(snapshot).run(from: path) { path, entry in
            if let chosen, path != base, !chosen.contains(path) { return }
            try await run.restore(path, entry)
        } damaged: { path, error in
            run.fail(path, .directory, "Its contents cannot be listed: \(error.reason)")
        }
        for failure in try await exporter.finish() { run.fail(failure) }
        return RestoreSummary(
            counts: run.counts, failures: run.failures, gaps: run.gaps.list,
            outlines: await (exporter as? any RehearsingExporter)?.outlines() ?? [], duration: .now - start)
    }
}

/// What came of a restore.
package struct RestoreSummary: Sendable {
    package var counts: Counts
    /// Everything that is not at the destination as it is in the snapshot.
    package var failures: JobFailures
    /// What the destination said is missing, apart from single paths.
    package var gaps: [String]
    /// By collection, from destinations that know such things.
    package var outlines: [RestoreOutline]
    package var duration: Duration

    package var isComplete: Bool { failures.isEmpty && gaps.isEmpty }

    package struct Counts: Sendable {
        package var files = 0
        package var directories = 0
        package var others = 0
        /// Bytes of content that were handed over.
        package var bytes: UInt64 = 0

        package init() {}
    }
}

/// Files, and the directories on the way to them.
struct Selection: Sendable {
    private let files: Set<BytePath>
    private let directories: Set<BytePath>

    init(_ files: Set<BytePath>) {
        self.files = files
        var directories: Set<BytePath> = []
        for file in files {
            var directory = file.parent
            while let path = directory, directories.insert(path).inserted { directory = path.parent }
        }
        self.directories = directories
    }

    func contains(_ path: BytePath) -> Bool { files.contains(path) || directories.contains(path) }

    /// Whether a destination may see it: the files that describe a folder belong to what is in it.
    func shows(_ path: BytePath) -> Bool {
        contains(path) || (path.name.first == UInt8(ascii: ".") && path.parent.map(directories.contains) == true)
    }
}
