import GitObjects

/// The pack that a collection's next commits go into. Each batch writes it anew under the name of its new content, with
/// what it had before: so a tree of ten thousand entries is stored once, and then only what changes in it.
struct GrowingPack: ~Copyable {
    private let repository: GitRepository
    private var builder: PackBuilder?
    /// The file written last, without extension.
    private var path: String?
    /// Of the chain of trees in it, when it is not in memory.
    private var chainLength = 0
    /// The last one that stays as it is: it has all that earlier versions of it had.
    private var finished: String?
    /// Earlier versions, which programs that began to read them may still need for a moment.
    private var superseded: [(path: String, size: Int, time: Int64)] = []

    /// From this size on, the pack stays as it is and a new one is begun.
    private static let largest = 4 << 20
    /// How long an earlier version stays, in seconds, and how much all of them may take.
    private static let grace: Int64 = 20
    private static let supersededLimit = 48 << 20
    /// Says which pack is growing and which ones are earlier versions, for the next process.
    private static let note = "fasti-packs"

    init(_ repository: GitRepository) {
        self.repository = repository
        readNote()
    }

    /// The pack to add to, onto a state of the repository: that of the batch before, from memory or from its file, else a
    /// new one. It is handed over, not copied: when the batch fails, the file has it.
    mutating func builder(onto state: CollectionState) -> PackBuilder {
        if let builder = builder.take() { return builder }
        if let path,
            let reopened = try? PackBuilder(
                reopening: path, last: state.tree, id: state.treeID, chainLength: chainLength)
        {
            builder = reopened
            return reopened
        }
        path = nil
        return PackBuilder()
    }

    /// Writes all that `builder` has now. It becomes the state to go on from when the files are there.
    mutating func write(_ new: PackBuilder, treeSize: Int) throws(GitError) {
        let written = try new.write(to: repository.objects.packDirectory)
        if let path, path != written {
            superseded.append((path, new.size, FileTime.now.seconds))
        }
        path = written
        builder = new
        chainLength = new.chainLength
        removeSuperseded()
        try repository.objects.packsHaveChanged(superseded: Set(superseded.map(\.path)))
        if new.size > max(Self.largest, 2 * treeSize) {
            // It stays as it is; the next commit begins another.
            (builder, path, finished) = (nil, nil, path)
        }
    }

    /// Gives the memory back; the next batch reads the file again.
    mutating func rest() { builder = nil }

    private mutating func removeSuperseded() {
        let now = FileTime.now.seconds
        var total = superseded.reduce(0) { $0 + $1.size }
        while let oldest = superseded.first, now - oldest.time > Self.grace || total > Self.supersededLimit {
            remove(oldest.path)
            total -= oldest.size
            superseded.removeFirst()
        }
        writeNote()
    }

    /// All earlier versions, whoever reads them: when the collection is closed.
    mutating func removeAllSuperseded() {
        guard !superseded.isEmpty else { return }
        for old in superseded { remove(old.path) }
        superseded = []
        writeNote()
    }

    /// The index first: git finds a pack by it.
    private func remove(_ base: String) {
        try? FileSystem.removeFile(base + ".idx")
        try? FileSystem.removeFile(base + ".pack")
    }

    // MARK: The note

    /// In the place of the length of the chain.
    private static let isFinished = -1

    private var notePath: String { repository.gitDirectory + "/" + Self.note }

    private func name(_ path: String) -> String {
        String(path.dropFirst(repository.objects.packDirectory.utf8.count + 1))
    }

    /// The name of the pack that grows in a repository at the moment, without extension.
    static func current(in gitDirectory: String) -> String? {
        guard let bytes = try? FileSystem.readIfPresent("\(gitDirectory)/\(note)", limit: 1 << 20) else { return nil }
        let words = String(decoding: bytes, as: UTF8.self).prefix { $0 != "\n" }.split(separator: " ")
        guard words.count == 2, words[0].hasPrefix("pack-"), words[1] != "\(isFinished)" else { return nil }
        return String(words[0])
    }

    private func writeNote() {
        var text = ""
        if let path {
            text += "\(name(path)) \(chainLength)\n"
        } else if let finished {
            text += "\(name(finished)) \(Self.isFinished)\n"
        }
        for old in superseded { text += name(old.path) + "\n" }
        _ = try? FileSystem.placeFile(notePath, Array(text.utf8), through: notePath + ".tmp", mode: 0o600)
    }

    /// Packs that a killed process left go only when the one that has all of theirs is there.
    private mutating func readNote() {
        guard let bytes = try? FileSystem.readIfPresent(notePath, limit: 1 << 20) else { return }
        let directory = repository.objects.packDirectory
        var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)[...]
        let first = (lines.popFirst() ?? "").split(separator: " ").map(String.init)
        func isPack(_ name: String) -> Bool { name.hasPrefix("pack-") && ObjectID(hex: name.dropFirst(5)) != nil }
        guard first.count == 2, isPack(first[0]), let length = Int(first[1]) else { return }
        let current = "\(directory)/\(first[0])"
        guard let status = try? FileSystem.status(of: current + ".idx"), status.isRegularFile else { return }
        for name in lines where isPack(name) && name != first[0] { remove("\(directory)/\(name)") }
        if length != Self.isFinished { (path, chainLength) = (current, length) }
    }
}
