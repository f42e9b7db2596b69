import Glibc
import Synchronization

/// A pack: many objects in one file, most of them as differences from others.
final class PackFile: Sendable {
    let path: String
    private let index: PackIndex
    private let file: OpenFile
    private let fileSize: Int
    /// Objects that were put together from differences a moment ago, by their place: the next one asked for is often one
    /// more difference away.
    private let recent = Mutex<[Int: GitObject]>([:])

    /// Bounds what is kept of them: the number, and the size of each in bytes.
    private static let recentCount = 64
    private static let recentSize = 16 << 10

    /// What is read first of an object: all of it, for most events. In bytes.
    private static let window = 2_048
    /// git itself makes no longer chains of differences.
    private static let maximumDepth = 4095
    private static let indexLimit = 1 << 30

    /// `path` without its extension.
    init(_ base: String) throws(GitError) {
        path = base + ".pack"
        index = try PackIndex(parsing: FileSystem.read(base + ".idx", limit: Self.indexLimit), of: base + ".idx")
        file = try OpenFile(path, O_RDONLY)
        fileSize = Int(try file.status().size)
        var reader = ByteReader(try file.read(at: 0, count: 12))
        guard reader.uint32() == 0x5041_434B, let version = reader.uint32(), version == 2 || version == 3 else {
            throw GitError(.corrupt, "\(path) is not a pack of version 2 or 3.")
        }
    }

    func contains(_ id: ObjectID) -> Bool { index.offset(of: id) != nil }

    /// nil when the pack does not have the object. Throws `.corrupt` when its content does not have that id.
    func read(_ id: ObjectID, limit: Int) throws(GitError) -> GitObject? {
        guard let offset = index.offset(of: id) else { return nil }
        return try verified(read(at: offset, limit: limit, waits: true), id)
    }

    /// The same, without waiting for the disk; nil also for what has to be read the other way.
    ///
    /// - Parameter passing: is given the objects that had to be put together on the way to this one.
    func readAtOnce(_ id: ObjectID, limit: Int, passing: ((GitObject) -> Void)? = nil) -> GitObject? {
        guard let offset = index.offset(of: id) else { return nil }
        return try? verified(read(at: offset, limit: limit, waits: false, passing: passing), id)
    }

    private func verified(_ object: GitObject?, _ id: ObjectID) throws(GitError) -> GitObject? {
        guard let object else { return nil }
        guard ObjectID(hashing: object.content, as: object.kind) == id else {
            throw GitError(.corrupt, "\(path) holds another object in the place of \(id).")
        }
        return object
    }

    /// nil when that would take waiting and nobody `waits`.
    private func read(
        at start: Int, limit: Int, waits: Bool, passing: ((GitObject) -> Void)? = nil
    ) throws(GitError) -> GitObject? {
        var deltas: [[UInt8]] = []
        var offset = start
        while true {
            if let known = recent.withLock({ $0[offset] }) {
                return try build(known.kind, known.content, deltas, at: start, limit: limit, passing)
            }
            guard let entry = try readEntry(at: offset, limit: limit, waits: waits) else { return nil }
            switch entry.base {
            case .none(let kind): return try build(kind, entry.content, deltas, at: start, limit: limit, passing)
            case .offset(let base): offset = base
            case .object(let id):
                guard let base = index.offset(of: id) else {
                    throw GitError(.corrupt, "\(path) has a difference from \(id), which it does not have.")
                }
                offset = base
            }
            deltas.append(entry.content)
            guard deltas.count <= Self.maximumDepth else {
                throw GitError(.corrupt, "\(path) has an endless chain of differences.")
            }
        }
    }

    private func build(
        _ kind: ObjectKind, _ base: [UInt8], _ deltas: [[UInt8]], at start: Int, limit: Int,
        _ passing: ((GitObject) -> Void)?
    ) throws(GitError) -> GitObject {
        guard base.count <= limit else {
            throw GitError(.limitExceeded, "An object in \(path) is larger than \(limit) bytes.")
        }
        var content = base
        for delta in deltas.reversed() {
            passing?(GitObject(kind, content))
            content = try Delta.apply(delta, to: content, limit: limit)
        }
        let object = GitObject(kind, content)
        if !deltas.isEmpty, content.count <= Self.recentSize {
            recent.withLock { recent in
                if recent.count >= Self.recentCount { recent.removeAll(keepingCapacity: true) }
                recent[start] = object
            }
        }
        return object
    }

    private enum Base {
        case none(ObjectKind)
        case offset(Int)
        case object(ObjectID)
    }

    private func readEntry(
        at offset: Int, limit: Int, waits: Bool
    ) throws(GitError) -> (base: Base, content: [UInt8])? {
        func corrupt(_ why: String) -> GitError { GitError(.corrupt, "\(path) at \(offset): \(why).") }
        guard offset >= 12, offset < fileSize - 20 else { throw corrupt("no object can be there") }
        guard let window = try bytes(at: offset, count: Self.window, waits: waits) else { return nil }
        var reader = ByteReader(window)
        guard let first = reader.byte() else { throw corrupt("the object header is cut off") }
        var size = Int(first & 0x0F)
        var shift = 4
        var next = first
        while next & 0x80 != 0 {
            guard shift <= 46, let byte = reader.byte() else { throw corrupt("the object header is cut off") }
            next = byte
            size |= Int(next & 0x7F) << shift
            shift += 7
        }
        guard size <= limit else {
            throw GitError(.limitExceeded, "An object in \(path) is larger than \(limit) bytes.")
        }
        let base: Base
        switch first >> 4 & 7 {
        case 1: base = .none(.commit)
        case 2: base = .none(.tree)
        case 3: base = .none(.blob)
        case 4: base = .none(.tag)
        case 6:
            guard let distance = reader.offsetVarint(), distance > 0, distance < offset else {
                throw corrupt("the base of a difference is outside the pack")
            }
            base = .offset(offset - distance)
        case 7:
            guard let id = reader.objectID() else { throw corrupt("the object header is cut off") }
            base = .object(id)
        default: throw corrupt("unknown kind of object")
        }
        let content = try inflate(window, from: reader.position, at: offset, size: size, waits: waits)
        return content.map { (base, $0) }
    }

    /// The compressed size is not stored. Most objects are small and have been read with their header; else as much is
    /// read as it likely is, and all the rest when that was too little.
    private func inflate(
        _ window: [UInt8], from start: Int, at offset: Int, size: Int, waits: Bool
    ) throws(GitError) -> [UInt8]? {
        var window = window
        let likely = start + size + size / 8 + 128
        if window.count < likely, size > 2 * Self.window {
            guard let larger = try bytes(at: offset, count: likely, waits: waits) else { return nil }
            window = larger
        }
        do {
            return try Deflate.decompress(prefixOf: window, at: start, size: size, of: path)
        } catch {
            let rest = min(fileSize - offset, size * 4 + 65536)
            guard window.count < rest else { throw error }
            guard let larger = try bytes(at: offset, count: rest, waits: waits) else { return nil }
            return try Deflate.decompress(prefixOf: larger, at: start, size: size, of: path)
        }
    }

    /// From an offset in the file; fewer at its end.
    private func bytes(at offset: Int, count: Int, waits: Bool) throws(GitError) -> [UInt8]? {
        let count = min(count, fileSize - offset)
        return waits ? try file.read(at: offset, count: count) : file.readCached(at: offset, count: count)
    }
}
