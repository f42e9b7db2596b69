public import ConnectorKit
public import KlosetFormat

/// The direct children of a directory in bytewise order of their names, one after the other: a directory of any size
/// takes little memory.
///
/// They come from the stored listing. When there is none, or it is damaged, the rest comes from the tree, which has
/// the same entries: one damaged blob of metadata loses no file.
public struct DirectoryCursor: Sendable {
    private enum Source {
        case listing(DirectoryListing)
        case tree(TreeCursor)
    }

    private let snapshot: Snapshot
    private let directory: BytePath
    private var source: Source
    private var lastName: [UInt8]?
    /// Why the listing was given up.
    private var damage: KlosetError?

    init(_ snapshot: Snapshot, _ directory: BytePath) async throws {
        self.snapshot = snapshot
        self.directory = directory
        var listing: DirectoryListing?
        do {
            listing = try await snapshot.listing(of: directory)
        } catch let error as KlosetError {
            damage = error
        }
        source = listing.map { .listing($0) } ?? .tree(Self.tree(snapshot, directory))
    }

    private static func tree(_ snapshot: Snapshot, _ directory: BytePath) -> TreeCursor {
        snapshot.tree.pairs(from: directory.isRoot ? directory.bytes : directory.bytes + [UInt8(ascii: "/")])
    }

    /// - Throws: ``KlosetError`` when neither listing nor tree says what comes next.
    public mutating func next() async throws -> Entry? {
        if case .listing(var listing) = source {
            do {
                let child = try await listing.next()
                source = .listing(listing)
                lastName = child?.entry.name
                return child?.entry
            } catch let error as KlosetError {
                damage = error
                source = .tree(Self.tree(snapshot, directory))
            }
        }
        guard case .tree(var cursor) = source else { return nil }
        defer { source = .tree(cursor) }
        do {
            return try await nextInTree(&cursor)
        } catch let error as KlosetError {
            throw damage ?? error
        }
    }

    private func nextInTree(_ cursor: inout TreeCursor) async throws -> Entry? {
        while let (key, mac) = try await cursor.next() {
            guard let child = BytePath(validating: key) else {
                throw KlosetError(.corrupt, "\(printable(key)) in the tree is no path")
            }
            // The root sorts in front of its own children.
            if child == directory { continue }
            guard child.parent == directory else { return nil }
            if let lastName, !lastName.lexicographicallyPrecedes(child.name) { continue }
            return try await snapshot.entry(mac, at: child)
        }
        return nil
    }
}

extension Snapshot {
    /// A walk over the direct children of a directory; over none when there is no such directory.
    public func cursor(of directory: BytePath) async throws -> DirectoryCursor {
        try await DirectoryCursor(self, directory)
    }

    /// The direct children of a directory in bytewise order of their names; empty when there is no such directory.
    /// ``cursor(of:)`` does not hold them all in memory.
    public func children(of path: BytePath) async throws -> [Entry] {
        var result: [Entry] = []
        var cursor = try await cursor(of: path)
        while let child = try await cursor.next() { result.append(child) }
        return result
    }
}
