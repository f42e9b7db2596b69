public import ConnectorKit
public import KlosetFormat

/// The direct children of a directory in bytewise order of their names, one after the other: a directory of any size
/// takes little memory.
public struct DirectoryCursor {
    private enum Source {
        case listing(DirectoryListing)
        case tree(TreeCursor)
    }

    private let snapshot: Snapshot
    private let directory: BytePath
    private var source: Source

    /// From the stored listing of the directory, or else from the tree.
    init(_ snapshot: Snapshot, _ directory: BytePath) async throws {
        self.snapshot = snapshot
        self.directory = directory
        if let listing = try await snapshot.listing(of: directory) {
            source = .listing(listing)
        } else {
            let prefix = directory.isRoot ? directory.bytes : directory.bytes + [UInt8(ascii: "/")]
            source = .tree(snapshot.tree.pairs(from: prefix))
        }
    }

    /// - Throws: ``KlosetError`` when the rest cannot be read.
    public mutating func next() async throws -> Entry? {
        switch source {
        case .listing(var listing):
            let child = try await listing.next()
            source = .listing(listing)
            return child?.entry
        case .tree(var cursor):
            defer { source = .tree(cursor) }
            while let (key, mac) = try await cursor.next() {
                guard let child = BytePath(validating: key) else {
                    throw KlosetError(.corrupt, "\(printable(key)) in the tree is no path")
                }
                // The root sorts in front of its own children.
                if child == directory { continue }
                return child.parent == directory ? try await snapshot.entry(mac, at: child) : nil
            }
            return nil
        }
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
