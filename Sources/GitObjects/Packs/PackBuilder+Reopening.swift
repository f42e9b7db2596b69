extension PackBuilder {
    private static let fileLimit = 64 << 20

    /// Goes on from a pack that was written before: what is added comes behind what it has.
    ///
    /// nil when the files are not a whole pack of ours whose last tree is `tree`. `sinceAnchor` is what `chainLength` was.
    package init?(
        reopening base: String, last tree: SpliceableTree, id: ObjectID, chainLength: Int
    ) throws(GitError) {
        guard var pack = try FileSystem.readIfPresent(base + ".pack", limit: Self.fileLimit),
            let bytes = try FileSystem.readIfPresent(base + ".idx", limit: Self.fileLimit)
        else { return nil }
        let index = try PackIndex(parsing: bytes, of: base + ".idx")
        guard index.offset(of: id) != nil, let entries = index.entries(),
            pack.count >= Self.headerSize + ObjectID.byteCount,
            pack.starts(with: [0x50, 0x41, 0x43, 0x4B, 0, 0, 0, 2]),
            let trailer = ObjectID(bytes: pack.suffix(ObjectID.byteCount)), index.packHash == trailer
        else { return nil }
        pack.removeLast(ObjectID.byteCount)
        guard Self.hash([pack]) == trailer else { return nil }
        pack.removeFirst(Self.headerSize)
        self.init(body: pack, entries: entries, last: (id, tree), chainLength: chainLength)
    }
}
