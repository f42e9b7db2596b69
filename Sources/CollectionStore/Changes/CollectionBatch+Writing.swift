import GitObjects

extension CollectionBatch {
    /// Makes everything durable; the reference is the last. `lock` is that of the index, nil for bare repositories.
    /// Throws `.locked` when somebody else has committed meanwhile; nothing is visible then.
    mutating func write(lock: inout LockFile?) throws(CollectionStoreError) {
        if let configuration {
            try writeConfiguration(configuration)
            state.stamp = try withGit { () throws(GitError) in
                try repository.references.stamp(reference: state.head.reference)
            }
        }
        guard !reflog.isEmpty else { return }
        do throws(GitError) {
            try writeCommits(lock: &lock)
        } catch {
            throw CollectionStoreError(error)
        }
    }

    private mutating func writeCommits(lock: inout LockFile?) throws(GitError) {
        var objectFiles = FileBatch()
        var seen: Set<ObjectID> = []
        for (id, object) in objects where seen.insert(id).inserted {
            try repository.objects.stage(object, id: id, in: &objectFiles)
        }
        var workTreeFiles = FileBatch()
        let names = files.keys.sorted()
        if let workTree = repository.workTree { try stageFiles(names, in: &workTreeFiles, workTree) }
        try objectFiles.sync()
        try workTreeFiles.sync()
        try objectFiles.publish()

        var update = try repository.references.beginUpdate(from: view.state.head)
        // From here on a killed process leaves a note of what it was doing; see `CollectionRecovery`.
        if let commit = state.head.commit { try update.prepare(commit) }
        if let workTree = repository.workTree {
            try workTreeFiles.publish()
            try updateIndex(names, workTree)
            if let index = state.index {
                try lock?.write(index.encoded())
                try lock?.sync()
                indexStamp = (try lock?.status()).map { FileStamp($0) }
            }
        }
        // Nothing before this line is visible to anybody who reads commits; everything after it is durable.
        if lock != nil { try lock?.commit() }
        state.stamp = try update.commit()
        // A reflog is a convenience: failing to write it must not make a durable change look failed.
        try? repository.references.appendReflog(state.head, reflog)
    }

    private func stageFiles(
        _ names: [String], in batch: inout FileBatch, _ workTree: String
    ) throws(GitError) {
        for name in names {
            guard let file = files[name] ?? nil else { continue }
            let path = workTree + "/" + name
            if name.contains("/") { try FileSystem.makeDirectoryIfMissing(FileSystem.directory(of: path)) }
            try batch.stage(file.bytes, as: path, temporaryDirectory: repository.gitDirectory, mode: 0o644)
        }
    }

    private mutating func updateIndex(_ names: [String], _ workTree: String) throws(GitError) {
        for name in names {
            let path = workTree + "/" + name
            if let file = files[name] ?? nil {
                if let status = try FileSystem.status(of: path) {
                    state.index?.set(IndexEntry(name: Array(name.utf8), id: file.id, status: status))
                }
            } else {
                try FileSystem.removeFile(path)
                state.index?.remove(named: name.utf8)
            }
        }
    }

    private func writeConfiguration(_ metadata: CollectionMetadata) throws(CollectionStoreError) {
        try withGit { () throws(GitError) in
            try repository.updateConfig { metadata.update(&$0) }
            if metadata.properties.description != view.state.metadata.properties.description {
                let text = metadata.properties.description ?? ""
                try FileSystem.replaceFile(repository.gitDirectory + "/description", with: Array(text.utf8))
            }
        }
    }
}
