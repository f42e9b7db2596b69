import Glibc

/// Branches and HEAD: files, and the `packed-refs` file that `git gc` makes of them.
package struct References: Sendable {
    /// `.git`
    package let directory: String

    package init(directory: String) { self.directory = directory }

    /// What HEAD means: the branch it names, and the commit that branch is at.
    package struct Head: Hashable, Sendable {
        /// `refs/heads/master`; `HEAD` itself when detached.
        package let reference: String
        /// nil before the first commit.
        package let commit: ObjectID?

        package init(reference: String, commit: ObjectID?) {
            self.reference = reference
            self.commit = commit
        }
    }

    /// File times that change whenever HEAD's value does; cheaper to compare than to read.
    package struct Stamp: Hashable, Sendable {
        fileprivate var head: FileStamp?
        fileprivate var branch: FileStamp?
        fileprivate var packed: FileStamp?
        /// Collections may keep properties in the configuration.
        fileprivate var config: FileStamp?
    }

    private static let maximumSymbolicDepth = 5
    private static let fileLimit = 64 << 20

    // MARK: Reading

    /// Throws `.corrupt`, and `.notFound` when there is no HEAD at all.
    package func head() throws(GitError) -> Head {
        var name = "HEAD"
        for _ in 0..<Self.maximumSymbolicDepth {
            guard let text = try text(of: name) else {
                if name == "HEAD" { throw GitError(.notFound, "\(directory) has no HEAD.") }
                return Head(reference: name, commit: try packed(name))
            }
            guard text.hasPrefix("ref:") else {
                guard let id = ObjectID(hex: text) else {
                    throw GitError(.corrupt, "\(directory)/\(name) is neither an object id nor a reference.")
                }
                return Head(reference: name, commit: id)
            }
            name = String(text.dropFirst(4).drop { $0 == " " || $0 == "\t" })
            guard Self.isSafe(name) else {
                throw GitError(.corrupt, "\(directory)/HEAD names the impossible reference \(name.debugDescription).")
            }
        }
        throw GitError(.corrupt, "The references of \(directory) go in a circle.")
    }

    /// nil when there is no such reference.
    package func resolve(_ name: String) throws(GitError) -> ObjectID? {
        guard Self.isSafe(name) else { return nil }
        if let text = try text(of: name) {
            guard let id = ObjectID(hex: text) else {
                throw GitError(.corrupt, "\(directory)/\(name) is not an object id.")
            }
            return id
        }
        return try packed(name)
    }

    /// To be taken before `head()`, and compared with one taken later. `reference` is the branch HEAD named.
    package func stamp(reference: String) throws(GitError) -> Stamp {
        func file(_ name: String) throws(GitError) -> FileStamp? {
            try FileSystem.status(of: directory + "/" + name).map { FileStamp($0) }
        }
        var stamp = Stamp(
            head: try file("HEAD"), branch: try file(reference), packed: nil, config: try file("config"))
        if stamp.branch == nil { stamp.packed = try file("packed-refs") }
        return stamp
    }

    private func text(of name: String) throws(GitError) -> String? {
        let path = directory + "/" + name
        guard let status = try FileSystem.status(of: path), status.isRegularFile,
            let bytes = try FileSystem.readIfPresent(path, limit: 4096)
        else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        return String(text.prefix { $0 != "\n" && $0 != "\r\n" && $0 != "\r" })
    }

    private func packed(_ name: String) throws(GitError) -> ObjectID? {
        guard let bytes = try FileSystem.readIfPresent(directory + "/packed-refs", limit: Self.fileLimit) else {
            return nil
        }
        let wanted = Array(name.utf8)
        for line in bytes.split(separator: UInt8(ascii: "\n"))
        where line.count == 41 + wanted.count && line.suffix(wanted.count).elementsEqual(wanted) {
            return ObjectID(hex: String(decoding: line.prefix(40), as: UTF8.self))
        }
        return nil
    }

    /// Below `refs/`, without anything that leaves the directory.
    private static func isSafe(_ name: String) -> Bool {
        name == "HEAD"
            || name.hasPrefix("refs/") && !name.utf8.contains(0) && !name.contains("..") && !name.hasSuffix("/")
                && name.utf8.count < 1024
    }

    // MARK: Changing

    /// A change of HEAD's branch that holds the lock: nobody else can change it until this is over.
    package struct Update: ~Copyable {
        private var lock: LockFile
        private let references: References
        private let head: Head

        fileprivate init(lock: consuming LockFile, references: References, head: Head) {
            self.lock = lock
            self.references = references
            self.head = head
        }

        /// Writes the new value beside the old one.
        package func prepare(_ commit: ObjectID) throws(GitError) {
            try lock.write(Array((commit.hex + "\n").utf8))
            try lock.sync()
        }

        /// The commit point: when this returns, the branch durably has the prepared value.
        package mutating func commit() throws(GitError) -> Stamp {
            // Taken while the lock is held, so that it cannot be that of somebody else's commit.
            var stamp = try references.stamp(reference: head.reference)
            stamp.branch = FileStamp(try lock.status())
            stamp.packed = nil
            if head.reference == "HEAD" { stamp.head = stamp.branch }
            try lock.commit()
            let path = references.directory + "/" + head.reference
            try FileSystem.syncDirectory(FileSystem.directory(of: path))
            if head.reference != "HEAD" { try FileSystem.syncDirectory(references.directory) }
            return stamp
        }
    }

    /// Locks HEAD's branch. Throws `.conflict` when it is not at `expected` any more, `.locked` when somebody has it.
    package func beginUpdate(from expected: Head) throws(GitError) -> Update {
        let lock = try LockFile.acquire(for: directory + "/" + expected.reference, in: directory)
        let current = try head()
        guard current == expected else {
            throw GitError(.conflict, "\(expected.reference) of \(directory) has changed meanwhile.")
        }
        return Update(lock: lock, references: self, head: expected)
    }

    /// The value a killed process of ours was about to give to HEAD's branch; nil when there is nothing of the kind.
    package func abandonedUpdate(of head: Head) throws(GitError) -> ObjectID? {
        let content = try LockFile.abandonedContent(for: directory + "/" + head.reference, in: directory)
        return content.flatMap { ObjectID(hex: String(decoding: $0, as: UTF8.self).prefix { $0 != "\n" }) }
    }

    /// Appends to the reflogs of HEAD and of its branch, as git does. Not synced: losing it loses no data.
    package func appendReflog(_ head: Head, _ entries: [ReflogEntry]) throws(GitError) {
        var text: [UInt8] = []
        for entry in entries {
            let subject = entry.message.prefix { $0 != "\n" && $0 != "\r\n" }
            text.append(contentsOf: "\(entry.old) \(entry.new) \(entry.signature.encoded)\t\(subject)\n".utf8)
        }
        for name in Set(["HEAD", head.reference]) {
            let path = directory + "/logs/" + name
            try makeParents(of: path)
            let file = try OpenFile(path, O_WRONLY | O_CREAT | O_APPEND, mode: 0o666)
            try file.write(text)
        }
    }

    private func makeParents(of path: String) throws(GitError) {
        var parts = path.dropFirst(directory.count + 1).split(separator: "/").map(String.init)
        parts.removeLast()
        var current = directory
        for part in parts {
            current += "/" + part
            try FileSystem.makeDirectoryIfMissing(current)
        }
    }
}

/// One line of a reflog.
package struct ReflogEntry: Hashable, Sendable {
    package var old: ObjectID
    package var new: ObjectID
    package var signature: Signature
    package var message: String

    package init(old: ObjectID, new: ObjectID, signature: Signature, message: String) {
        self.old = old
        self.new = new
        self.signature = signature
        self.message = message
    }
}
