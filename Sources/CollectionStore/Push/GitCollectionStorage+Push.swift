package import GitObjects

extension GitCollectionStorage {
    /// Where the repository of a collection is, with every change in it that has been acknowledged; nil when there is no
    /// collection at the path.
    package func repository(of path: CollectionPath) async throws(CollectionStoreError) -> ServedRepository? {
        try await DiskQueue.shared.run { () throws(CollectionStoreError) in
            guard let collection = try self.openCollection(at: path) else { return nil }
            try collection.journaled?.flushNow()
            return try withGit { () throws(GitError) in
                ServedRepository(
                    gitDirectory: collection.repository.gitDirectory,
                    head: try collection.repository.references.head())
            }
        }
    }

    /// Makes a place for what somebody is about to push. Throws `.notFound`.
    package func beginPush(to path: CollectionPath) async throws(CollectionStoreError) -> IncomingPush {
        try await DiskQueue.shared.run { () throws(CollectionStoreError) in
            let collection = try self.collection(at: path)
            try collection.journaled?.flushNow()
            return try withGit { () throws(GitError) in
                try IncomingPush(
                    path: path, collection.repository, base: try collection.repository.references.head())
            }
        }
    }

    /// Looks at everything that the push would change. Nothing is changed yet.
    package func review(
        _ push: IncomingPush, to commit: ObjectID, _ rules: PushRules
    ) async throws(CollectionStoreError) -> PushVerdict {
        guard case .collection(let view) = try await node(at: push.path) else {
            throw CollectionStoreError(.notFound, "There is no collection \(push.path).")
        }
        // Should anything change from here on, the branch moves, and the push is not accepted.
        var members: [MemberName: PushReview.KnownMember] = [:]
        for member in try await view.members() {
            members[member.name] = PushReview.KnownMember(
                size: member.size, uid: try await view.facts(of: member).uid)
        }
        let review = PushReview(
            repository: push.repository, type: view.type, properties: view.properties, rules: rules, members: members)
        return try await DiskQueue.shared.run { () throws(CollectionStoreError) in
            let (old, new) = try withGit { () throws(GitError) in
                let old = try push.base.commit.map { id throws(GitError) in
                    try push.repository.tree(push.repository.commit(id).tree)
                }
                return (old ?? SpliceableTree(), try push.repository.tree(push.repository.commit(commit).tree))
            }
            return try review.run(from: old, to: new)
        }
    }

    /// Takes the branch to the pushed commit. When this returns, all views have it, and it is durable.
    /// Throws `.preconditionFailed` when the collection has changed since the push began.
    package func accept(
        _ push: IncomingPush, to commit: ObjectID, by author: ChangeAuthor
    ) async throws(CollectionStoreError) {
        _ = try await submit(CollectionChange(kind: .advance(push, to: commit), author: author), push.path)
    }

    /// Blocking.
    private func collection(at path: CollectionPath) throws(CollectionStoreError) -> GitCollection {
        guard let collection = try openCollection(at: path) else {
            throw CollectionStoreError(.notFound, "There is no collection \(path).")
        }
        return collection
    }
}

/// A repository as a program of git finds it.
package struct ServedRepository: Sendable {
    /// `.git`, or the directory of a bare repository.
    package let gitDirectory: String
    package let head: References.Head
}
