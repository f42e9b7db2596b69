/// Objects stored one per file under `objects/xx/`, written by every change.
struct LooseObjects: Sendable {
    /// `.git/objects`
    let directory: String

    func path(of id: ObjectID) -> String {
        let hex = id.hex
        return "\(directory)/\(hex.prefix(2))/\(hex.dropFirst(2))"
    }

    func contains(_ id: ObjectID) throws(GitError) -> Bool { try FileSystem.status(of: path(of: id)) != nil }

    /// nil when there is no such file. Throws `.corrupt` when the content does not have that id.
    func read(_ id: ObjectID, limit: Int) throws(GitError) -> GitObject? {
        let path = path(of: id)
        guard let compressed = try FileSystem.readIfPresent(path, limit: limit) else { return nil }
        let whole = try Deflate.decompress(compressed, limit: limit + 32, of: path)
        guard let object = Self.parse(whole) else {
            throw GitError(.corrupt, "\(path) does not begin with an object header.")
        }
        guard ObjectID(hashing: object.content, as: object.kind) == id else {
            throw GitError(.corrupt, "\(path) holds an object with another id.")
        }
        return object
    }

    /// `kind SP size NUL content`, with exactly `size` bytes of content.
    static func parse(_ bytes: [UInt8]) -> GitObject? {
        guard let space = bytes.prefix(8).firstIndex(of: UInt8(ascii: " ")),
            let end = bytes.prefix(32).firstIndex(of: 0), space < end,
            let kind = ObjectKind(rawValue: String(decoding: bytes[..<space], as: UTF8.self)),
            let size = Int(String(decoding: bytes[(space + 1)..<end], as: UTF8.self)),
            size == bytes.count - end - 1
        else { return nil }
        return GitObject(kind, Array(bytes[(end + 1)...]))
    }

    /// Writes the object into a batch; it has its name when the batch is published.
    func stage(_ object: GitObject, id: ObjectID, in batch: inout FileBatch) throws(GitError) {
        let path = path(of: id)
        let fan = FileSystem.directory(of: path)
        if try FileSystem.status(of: fan) == nil {
            try FileSystem.makeDirectoryIfMissing(fan)
            batch.alsoSync(directory: directory)
        }
        let compressed = try Deflate.compress(object.kind.header(size: object.content.count) + object.content)
        try batch.stage(compressed, as: path, temporaryDirectory: fan, mode: 0o444)
    }
}
