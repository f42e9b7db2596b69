package import ConnectorKit
package import Kloset
internal import KlosetFormat

/// What changed between two directories, or files, of two snapshots of one store.
package struct SnapshotDiff: Sendable {
    package struct Place: Sendable {
        package let snapshot: Snapshot
        package let path: BytePath

        package init(snapshot: Snapshot, path: BytePath) {
            self.snapshot = snapshot
            self.path = path
        }
    }

    package enum Change: String, Sendable {
        case added
        case removed
        /// The content, the target of a link, or the kind.
        case changed
        /// Permissions or owner; the content is the same. Times are not compared.
        case metadata
    }

    package let old: Place
    package let new: Place

    package init(from old: Place, to new: Place) {
        self.old = old
        self.new = new
    }

    package struct Summary: Sendable {
        package var added = 0
        package var removed = 0
        package var changed = 0
        package var metadata = 0
        package var same = 0

        package var isEmpty: Bool { added + removed + changed + metadata == 0 }
    }

    /// Calls `body` for every path that differs, in order: a directory before its contents. Paths are relative to the
    /// two places. Everything in a directory that is only on one side is reported as well.
    ///
    /// - Throws: ``KlosetError`` with `.notFound` when there is nothing at one of the places, or when a part of the
    ///   snapshots is damaged: a partial answer would look like an answer.
    package func run(_ body: (BytePath, Change, JobEntry.Kind) throws -> Void) async throws -> Summary {
        var summary = Summary()
        // The next pair to look at is the last one.
        var waiting = [Pair(path: .root, old: try await entry(old), new: try await entry(new))]
        while let pair = waiting.popLast() {
            try Task.checkCancellation()
            if let change = pair.change {
                summary.count(change)
                try body(pair.path, change, pair.kind)
            } else {
                summary.same += 1
            }
            waiting.append(contentsOf: try await children(of: pair).reversed())
        }
        return summary
    }

    private func entry(_ place: Place) async throws -> Entry {
        guard let entry = try await place.snapshot.entry(at: place.path) else {
            throw KlosetError(
                .notFound, "There is no \(place.path) in snapshot \(place.snapshot.header.identifier.shortHex).")
        }
        return entry
    }

    /// The union of both sides by name, in bytewise order.
    private func children(of pair: Pair) async throws -> [Pair] {
        let before = pair.old?.isDirectory == true ? try await old.children(at: pair.path) : []
        let after = pair.new?.isDirectory == true ? try await new.children(at: pair.path) : []
        var result: [Pair] = []
        var (i, j) = (0, 0)
        while i < before.count || j < after.count {
            let left = i < before.count ? before[i] : nil
            let right = j < after.count ? after[j] : nil
            let takesLeft =
                left.map { left in right.map { !$0.name.lexicographicallyPrecedes(left.name) } ?? true } ?? false
            let takesRight =
                right.map { right in left.map { !$0.name.lexicographicallyPrecedes(right.name) } ?? true } ?? false
            if let name = (takesLeft ? left : right)?.name, let path = pair.path.appending(name) {
                result.append(Pair(path: path, old: takesLeft ? left : nil, new: takesRight ? right : nil))
            }
            if takesLeft { i += 1 }
            if takesRight { j += 1 }
        }
        return result
    }
}

extension SnapshotDiff.Place {
    fileprivate func children(at relative: BytePath) async throws -> [Entry] {
        try await snapshot.children(of: relative.joined(to: path))
    }
}

extension SnapshotDiff.Summary {
    fileprivate mutating func count(_ change: SnapshotDiff.Change) {
        switch change {
        case .added: added += 1
        case .removed: removed += 1
        case .changed: changed += 1
        case .metadata: metadata += 1
        }
    }
}

/// What is at one path on both sides.
private struct Pair {
    let path: BytePath
    let old: Entry?
    let new: Entry?

    var kind: JobEntry.Kind { JobEntry.Kind((new ?? old)?.info.mode) }

    /// nil when both sides are the same.
    var change: SnapshotDiff.Change? {
        guard let old else { return .added }
        guard let new else { return .removed }
        let (a, b) = (old.info, new.info)
        let permissions: UInt32 = 0o777
        if (a.mode.rawValue | permissions) != (b.mode.rawValue | permissions) { return .changed }
        if a.mode.isRegular, old.object != new.object || a.size != b.size { return .changed }
        if a.mode.isSymbolicLink, old.symbolicLinkTarget != new.symbolicLinkTarget { return .changed }
        let hasSameOwner = a.userID == b.userID && a.groupID == b.groupID
        return a.mode == b.mode && hasSameOwner ? nil : .metadata
    }
}
