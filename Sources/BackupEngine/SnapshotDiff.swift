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
        func visit(_ pair: Pair) throws {
            guard let change = pair.change else {
                summary.same += 1
                return
            }
            summary.count(change)
            try body(pair.path, change, pair.kind)
        }
        let top = Pair(path: .root, old: try await entry(old), new: try await entry(new))
        try visit(top)
        // The directories on the way to where the comparison is.
        var open = [try await PairCursor(top, self)]
        while let directory = open.last {
            try Task.checkCancellation()
            guard let pair = try await open[open.count - 1].next() else {
                open.removeLast()
                continue
            }
            try visit(pair)
            guard pair.hasChildren else { continue }
            guard open.count < Self.maximumDepth else {
                throw KlosetError(.limitExceeded, "\(directory.path) lies more than \(open.count) folders deep.")
            }
            open.append(try await PairCursor(pair, self))
        }
        return summary
    }

    /// No file system has paths that go deeper.
    private static let maximumDepth = 10_000

    private func entry(_ place: Place) async throws -> Entry {
        guard let entry = try await place.snapshot.entry(at: place.path) else {
            throw KlosetError(
                .notFound, "There is no \(place.path) in snapshot \(place.snapshot.header.identifier.shortHex).")
        }
        return entry
    }
}

extension SnapshotDiff.Place {
    fileprivate func cursor(at relative: BytePath) async throws -> DirectoryCursor {
        try await snapshot.cursor(of: relative.joined(to: path))
    }
}

/// The children of a directory on both sides, united by name, in bytewise order.
private struct PairCursor {
    let path: BytePath
    private var old: DirectoryCursor?
    private var new: DirectoryCursor?
    private var left: Entry?
    private var right: Entry?

    init(_ pair: Pair, _ diff: SnapshotDiff) async throws {
        path = pair.path
        if pair.old?.isDirectory == true { old = try await diff.old.cursor(at: path) }
        if pair.new?.isDirectory == true { new = try await diff.new.cursor(at: path) }
        left = try await old?.next()
        right = try await new?.next()
    }

    mutating func next() async throws -> Pair? {
        while left != nil || right != nil {
            let takesLeft = left.map { left in right.map { !$0.name.lexicographicallyPrecedes(left.name) } ?? true }
            let takesRight = right.map { right in left.map { !$0.name.lexicographicallyPrecedes(right.name) } ?? true }
            let before = takesLeft == true ? left : nil
            let after = takesRight == true ? right : nil
            if before != nil { left = try await old?.next() }
            if after != nil { right = try await new?.next() }
            if let name = (before ?? after)?.name, let path = path.appending(name) {
                return Pair(path: path, old: before, new: after)
            }
        }
        return nil
    }
}

extension SnapshotDiff.Summary {
    mutating func count(_ change: SnapshotDiff.Change) {
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

    var hasChildren: Bool { old?.isDirectory == true || new?.isDirectory == true }

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
