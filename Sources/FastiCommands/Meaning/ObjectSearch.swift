internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat
internal import ObjectMeaning

/// Finds objects in snapshots by what they say. Equal contents are looked at once, however many snapshots have them.
struct ObjectSearch {
    private let query: ObjectQuery
    private var known: [MAC: ObjectQuery.Match?] = [:]

    /// Larger files are no calendar objects that anybody could mean.
    private static let sizeLimit: Int64 = 64 << 20

    init(_ query: ObjectQuery) { self.query = query }

    /// Looks at every `.ics` and `.vcf` file at or below a path.
    ///
    /// - Parameters:
    ///   - found: called for each that fits, in the order of the paths.
    ///   - failed: called for what cannot be read.
    mutating func run(
        _ snapshot: Snapshot, from path: BytePath,
        found: (BytePath, Entry, ObjectQuery.Match) async throws -> Void,
        failed: (BytePath, String) async throws -> Void
    ) async throws {
        var hits: [(BytePath, Entry, ObjectQuery.Match)] = []
        var failures: [(BytePath, String)] = []
        try await SnapshotTraversal(snapshot).run(from: path) { path, entry in
            guard entry.info.mode.isRegular, let kind = ObjectKind(fileName: path.name),
                entry.info.size <= Self.sizeLimit
            else { return }
            if let match = known[entry.object] {
                if let match { hits.append((path, entry, match)) }
                return
            }
            do {
                var bytes: [UInt8] = []
                try await snapshot.read(entry) { bytes.append(contentsOf: $0) }
                let match = query.match(bytes, kind)
                known[entry.object] = .some(match)
                if let match { hits.append((path, entry, match)) }
            } catch let error as KlosetError {
                failures.append((path, error.reason))
            }
        } damaged: { path, error in
            failures.append((path, error.reason))
        }
        for (path, entry, match) in hits { try await found(path, entry, match) }
        for (path, reason) in failures { try await failed(path, reason) }
    }

    /// The paths of what fits in one snapshot.
    ///
    /// - Throws: ``CommandError/Code/nothingSelected`` when nothing does.
    static func paths(
        _ options: ObjectOptions, in snapshot: Snapshot, below path: BytePath, _ context: CommandContext
    ) async throws -> [BytePath] {
        var search = ObjectSearch(options.query(context))
        var paths: [BytePath] = []
        var unread = 0
        try await search.run(snapshot, from: path) { path, _, match in
            paths.append(path)
            context.note("\(path): \(match.object.title) (\(match.object.details))")
        } failed: { path, reason in
            unread += 1
            context.warn("\(path) cannot be read: \(reason)")
        }
        guard !paths.isEmpty else {
            throw CommandError(
                .nothingSelected, "Nothing in snapshot \(snapshot.header.identifier.shortHex) fits.",
                advice: "\"fasti at LOCATION locate\" with the same options looks into all snapshots.")
        }
        return paths
    }
}

extension ObjectQuery.Match {
    var json: JSONValue {
        [
            "uid": .optional(object.uid), "title": .string(object.title), "noun": .string(object.noun),
            "when": .optional(object.when), "recurrence": .optional(object.recurrence), "dates": .strings(dates),
        ]
    }
}
