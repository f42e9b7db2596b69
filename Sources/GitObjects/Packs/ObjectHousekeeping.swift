/// Which files of an object directory are needed, and which hold only what others have.
///
/// Nothing is remembered: what to remove follows from what is there, so that a program killed at any moment leaves nothing
/// wrong behind. A file goes only when a pack has everything in it, and has had it for so long that whoever reads has found
/// the pack.
package struct ObjectHousekeeping: Sendable {
    /// `.git/objects`
    private let directory: String
    private let loose: LooseObjects

    /// What is worth being packed.
    package struct Condition: Hashable, Sendable {
        /// Objects in files of their own that are in no pack.
        package var unpackedCount = 0
        /// Packs that have something no other one has.
        package var packCount = 0
        /// Files that could be removed, now or later.
        package var redundantCount = 0
    }

    package init(directory: String) {
        self.directory = directory
        loose = LooseObjects(directory: directory)
    }

    private struct Pack {
        var base: String
        var index: PackIndex
        /// Seconds since 1970.
        var modified: Int64
        /// Somebody wants it to stay.
        var isKept: Bool

        func holds(_ other: Pack) -> Bool { index.count >= other.index.count && index.contains(all: other.index) }
    }

    /// `names` are packs that are not to be judged, such as the one that is still growing.
    package func condition(without names: Set<String>) throws(GitError) -> Condition {
        let packs = try packs(without: names)
        let redundant = redundant(packs, before: .max)
        var condition = Condition(packCount: packs.count - redundant.count, redundantCount: redundant.count)
        let all = try packs + self.packs(only: names)
        try visitLoose { id, _ throws(GitError) in
            if all.contains(where: { $0.index.offset(of: id) != nil }) {
                condition.redundantCount += 1
            } else {
                condition.unpackedCount += 1
            }
        }
        return condition
    }

    /// Removes what packs from before `time` have (in seconds since 1970), and what killed programs left before `time`.
    /// - Returns: how many files were removed.
    @discardableResult
    package func removeRedundant(before time: Int64, without names: Set<String>) throws(GitError) -> Int {
        let packs = try packs(without: names)
        let redundant = redundant(packs, before: time)
        var count = 0
        for position in redundant {
            // The index first: git finds a pack by it.
            for suffix in [".idx", ".rev", ".bitmap", ".mtimes", ".pack"] {
                try FileSystem.removeFile(packs[position].base + suffix)
            }
            count += 1
        }
        let rest = packs.indices.filter { !redundant.contains($0) && packs[$0].modified < time }.map { packs[$0] }
        try visitLoose { id, modified throws(GitError) in
            guard modified < time, rest.contains(where: { $0.index.offset(of: id) != nil }) else { return }
            try FileSystem.removeFile(loose.path(of: id))
            count += 1
        }
        return try count + removeRemains(before: time)
    }

    /// Positions of packs of which everything is in one other pack that is older than `time`.
    private func redundant(_ packs: [Pack], before time: Int64) -> Set<Int> {
        var redundant: Set<Int> = []
        // Small ones first: they are in larger ones, and never the other way round.
        for position in packs.indices.sorted(by: { packs[$0].index.count < packs[$1].index.count })
        where !packs[position].isKept {
            let isHeld = packs.indices.contains { other in
                other != position && !redundant.contains(other) && packs[other].modified < time
                    && packs[other].holds(packs[position])
            }
            if isHeld { redundant.insert(position) }
        }
        return redundant
    }

    // MARK: What is there

    private func packs(without names: Set<String>) throws(GitError) -> [Pack] {
        try packs { !names.contains($0) }
    }

    private func packs(only names: Set<String>) throws(GitError) -> [Pack] {
        try packs { names.contains($0) }
    }

    private func packs(_ isWanted: (String) -> Bool) throws(GitError) -> [Pack] {
        let folder = directory + "/pack"
        let files = Set(try entries(of: folder))
        var packs: [Pack] = []
        for file in files.sorted() where file.hasPrefix("pack-") && file.hasSuffix(".idx") {
            let name = String(file.dropLast(4))
            let base = "\(folder)/\(name)"
            guard isWanted(name), files.contains(name + ".pack"),
                let status = try FileSystem.status(of: base + ".pack"),
                let bytes = try FileSystem.readIfPresent(base + ".idx", limit: 1 << 30)
            else { continue }
            packs.append(
                Pack(
                    base: base, index: try PackIndex(parsing: bytes, of: base + ".idx"),
                    modified: status.modified.seconds,
                    isKept: files.contains(name + ".keep") || files.contains(name + ".promisor")))
        }
        return packs
    }

    private func visitLoose(_ body: (ObjectID, Int64) throws(GitError) -> Void) throws(GitError) {
        for fan in 0..<256 {
            let prefix = (fan < 16 ? "0" : "") + String(fan, radix: 16)
            for name in try entries(of: "\(directory)/\(prefix)") {
                guard let id = ObjectID(hex: prefix + name),
                    let status = try FileSystem.status(of: "\(directory)/\(prefix)/\(name)")
                else { continue }
                try body(id, status.modified.seconds)
            }
        }
    }

    /// What programs that were killed had begun to write. They are given a day.
    private func removeRemains(before time: Int64) throws(GitError) -> Int {
        let limit = time - 86_400
        var count = 0
        for name in try entries(of: directory + "/pack") where name.hasPrefix("tmp_") || name.hasPrefix(".tmp-") {
            let path = "\(directory)/pack/\(name)"
            guard let status = try FileSystem.status(of: path), status.modified.seconds < limit else { continue }
            try FileSystem.removeFile(path)
            count += 1
        }
        for name in try entries(of: directory) where name.hasPrefix("tmp_objdir-") {
            let path = "\(directory)/\(name)"
            guard let status = try FileSystem.status(of: path), status.modified.seconds < limit else { continue }
            try FileSystem.removeTree(path)
            count += 1
        }
        return count
    }

    private func entries(of folder: String) throws(GitError) -> [String] {
        do {
            return try FileSystem.entries(of: folder)
        } catch  where error.code == .notFound {
            return []
        }
    }
}
