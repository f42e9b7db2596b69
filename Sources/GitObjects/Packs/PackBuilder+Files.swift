extension PackBuilder {
    /// Writes the pack and its index into `.git/objects/pack`, durably. git sees a pack by its index, which comes last.
    /// Returns the path without extension.
    package func write(to directory: String) throws(GitError) -> String {
        let (pack, index, name) = encoded()
        try FileSystem.makeDirectoryIfMissing(directory)
        let base = "\(directory)/pack-\(name)"
        // One with that name has that content.
        if try FileSystem.status(of: base + ".idx") != nil { return base }
        var packs = FileBatch()
        try packs.stage(pack, as: base + ".pack", temporaryDirectory: directory, prefix: "tmp_pack_", mode: 0o444)
        try packs.stage([index], as: base + ".idx", temporaryDirectory: directory, prefix: "tmp_idx_", mode: 0o444)
        try packs.sync()
        try packs.publish()
        return base
    }
}
