import ConnectorKit
import KlosetFormat

/// Checks one snapshot, and goes on after damage.
struct SnapshotCheck {
    private let snapshot: Snapshot
    private let repository: Repository
    private let id: MAC

    init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        repository = snapshot.repository
        id = snapshot.identifier
    }

    /// - Parameter root: what to check, with everything below; for `/` also what belongs to no path.
    func run(from root: BytePath, _ session: inout CheckSession) async throws {
        session.summary.snapshots += 1
        try await checkEntries(root, &session)
        try await checkAttributes(root, &session)
        guard root.isRoot else { return }
        try await checkRoot(&session)
        try await checkErrors(&session)
        for index in snapshot.source.indexes {
            switch index.name {
            case SnapshotHeader.Index.dirpack: break
            case SnapshotHeader.Index.contentType: try await checkContentTypes(index.value, &session)
            case SnapshotHeader.Index.summary: try await checkSummaries(index.value, &session)
            default:
                await session.note(
                    CheckFinding(.note, snapshot: id, reason: "the index \(index.name) is unknown and was not checked"))
            }
        }
    }

    /// The header has no digest of its own. When it names a directory that is not there, nothing is found any more
    /// without saying where to look.
    private func checkRoot(_ session: inout CheckSession) async throws {
        do {
            guard try await snapshot.entry(at: snapshot.root) == nil else { return }
            await session.damage(
                id, nil, BlobID(.snapshot, id), "the header names \(snapshot.root) as its source, which is not there")
        } catch let error as KlosetError {
            await session.damage(id, snapshot.root, nil, error.reason)
        }
    }

    // MARK: Entries and listings

    private func checkEntries(_ root: BytePath, _ session: inout CheckSession) async throws {
        var cursor = TreeCursor(snapshot.tree, skipsDamage: true)
        var hasAny = false
        while let (key, mac) = try await next(&cursor, "the tree of entries", &session) {
            try Task.checkCancellation()
            guard let path = BytePath(validating: key) else {
                await session.damage(id, nil, BlobID(.entry, mac), "\(printable(key)) in the tree is no path")
                continue
            }
            guard path.isWithin(root) else { continue }
            hasAny = true
            session.summary.entries += 1
            let read = session.summary.bytes
            try await checkEntry(mac, path, &session)
            session.progress(session.summary.bytes - read)
        }
        if !hasAny {
            await session.damage(id, root, nil, "the tree of entries does not have \(root)")
        }
    }

    private func checkEntry(_ mac: MAC, _ path: BytePath, _ session: inout CheckSession) async throws {
        let number = session.ledger.aggregate.number(of: BlobID(.entry, mac))
        if let number, session.ledger.isSound(number, at: path.bytes) {
            if session.ledger.isDirectory(number) { try await checkListing(path, &session) }
            return
        }
        let entry: Entry
        do {
            entry = try await repository.entry(mac, &session.buffers)
        } catch let error as KlosetError {
            await session.damage(id, path, BlobID(.entry, mac), error.reason)
            return
        }
        var isSound = true
        if !entry.isAt(path) {
            isSound = false
            await session.damage(id, path, BlobID(.entry, mac), "the entry says that it is \(entry.path)")
        }
        if let number, !session.ledger.noteKind(number, isDirectory: entry.isDirectory) {
            await session.damage(
                id, path, BlobID(.entry, mac), "the stored listing of its directory is wrong about what it is")
        }
        if entry.info.mode.isRegular {
            if entry.object == .zero {
                isSound = false
                await session.damage(id, path, BlobID(.entry, mac), "the file has no content")
            } else if try await !session.checkObject(entry.object, size: entry.info.size, id, path) {
                isSound = false
            }
        } else if entry.isDirectory {
            try await checkListing(path, &session)
        }
        if isSound, let number { session.ledger.noteSound(number, at: path.bytes) }
    }

    /// The listing of a directory must hold exactly what the tree has below it.
    private func checkListing(_ path: BytePath, _ session: inout CheckSession) async throws {
        guard let index = snapshot.source.index(SnapshotHeader.Index.dirpack) else { return }
        do {
            guard let object = try await TreeReader.index(repository, index).find(path.bytes) else {
                await session.damage(id, path, nil, "the directory has no stored listing")
                return
            }
            try await session.checkObject(object, size: nil, id, path)
            try await compareListing(path, object, &session)
        } catch let error as KlosetError {
            await session.damage(id, path, nil, error.reason)
        }
    }

    /// The entries themselves are checked when the tree comes to them: here it is enough that the listing holds, in
    /// the same order, the very bytes that the tree names.
    private func compareListing(_ path: BytePath, _ object: MAC, _ session: inout CheckSession) async throws {
        var listing = DirectoryListing(
            directory: path, content: ObjectReader(repository, object: object, expectedSize: nil, of: "the listing"))
        let prefix = path.isRoot ? path.bytes : path.bytes + [UInt8(ascii: "/")]
        var cursor = snapshot.tree.pairs(from: prefix)
        while true {
            var inTree = try await cursor.next()
            if let key = inTree?.key, key == path.bytes { inTree = try await cursor.next() }
            if let key = inTree?.key, !key.isDirectChild(ofPrefix: prefix) { inTree = nil }
            let frame = try await listing.nextFrame()
            if frame == nil && inTree == nil { return }
            guard let frame, let inTree else {
                let name = try frame.map { try listing.child($0).entry.path.description }
                throw KlosetError(
                    .corrupt,
                    "the tree and the stored listing of the directory differ at \(name ?? printable(inTree?.key ?? []))"
                )
            }
            guard frame.identifier == inTree.value, repository.keys.mac(frame.entry) == frame.identifier else {
                throw KlosetError(
                    .corrupt, "the tree and the stored listing have different entries for \(printable(inTree.key))")
            }
            guard let number = session.ledger.aggregate.number(of: BlobID(.entry, inTree.value)) else { continue }
            guard session.ledger.noteListed(number, asDirectory: frame.isDirectory) else {
                throw KlosetError(.corrupt, "the stored listing is wrong about what \(printable(inTree.key)) is")
            }
        }
    }

    // MARK: Attributes, errors, indexes

    private func checkAttributes(_ root: BytePath, _ session: inout CheckSession) async throws {
        var cursor = TreeCursor(
            .attributes(repository, snapshot.source.root.attributes), anyOrder: true, skipsDamage: true)
        while let (key, mac) = try await next(&cursor, "the tree of extended attributes", &session) {
            do {
                let attribute: ExtendedAttribute = try await repository.message(.attribute, mac)
                guard attribute.path.isWithin(root) else { continue }
                try await session.checkObject(attribute.object, size: attribute.size, id, attribute.path)
            } catch let error as KlosetError {
                await session.damage(id, nil, BlobID(.attribute, mac), "\(printable(key)): \(error.reason)")
            }
        }
    }

    private func checkErrors(_ session: inout CheckSession) async throws {
        var cursor = TreeCursor(.errors(repository, snapshot.source.root.errors), skipsDamage: true)
        while let (key, mac) = try await next(&cursor, "the tree of errors", &session) {
            do {
                let _: ErrorItem = try await repository.message(.error, mac)
            } catch let error as KlosetError {
                await session.damage(id, BytePath(validating: key), BlobID(.error, mac), error.reason)
            }
        }
    }

    private func checkContentTypes(_ root: MAC, _ session: inout CheckSession) async throws {
        var cursor = TreeCursor(.index(repository, root), skipsDamage: true)
        while let (key, mac) = try await next(&cursor, "the index of content types", &session) {
            guard !session.ledger.aggregate.contains(BlobID(.entry, mac)) else { continue }
            await session.damage(
                id, nil, BlobID(.entry, mac),
                "the index of content types names an entry that is not there: \(printable(key))")
        }
    }

    private func checkSummaries(_ root: MAC, _ session: inout CheckSession) async throws {
        var cursor = TreeCursor(.index(repository, root), skipsDamage: true)
        while let (key, mac) = try await next(&cursor, "the index of summaries", &session) {
            do {
                let _: Summary = try await repository.message(.summary, mac)
            } catch let error as KlosetError {
                await session.damage(id, BytePath(validating: key), BlobID(.summary, mac), error.reason)
            }
        }
    }

    /// The next pair of a tree; damaged nodes are reported, and a tree that is out of order ends there.
    private func next(
        _ cursor: inout TreeCursor, _ place: String, _ session: inout CheckSession
    ) async throws -> (key: [UInt8], value: MAC)? {
        var pair: (key: [UInt8], value: MAC)?
        do {
            pair = try await cursor.next()
        } catch let error as KlosetError {
            await session.damage(id, nil, nil, "\(place): \(error.reason)")
        }
        for damage in cursor.takeDamages() {
            await session.damage(id, nil, damage.blob, "\(place): \(damage.error.reason)")
        }
        return pair
    }
}

extension Entry {
    /// Whether the entry lies at a path, without putting its own together.
    fileprivate func isAt(_ path: BytePath) -> Bool {
        if isRoot { return path.isRoot }
        let parent = parentPath.isRoot ? [] : parentPath.bytes
        let bytes = path.bytes
        return bytes.count == parent.count + 1 + name.count && bytes.starts(with: parent)
            && bytes[parent.count] == UInt8(ascii: "/") && bytes[(parent.count + 1)...].elementsEqual(name)
    }
}

extension [UInt8] {
    /// Whether this is the path of a child of the directory whose path, with a slash behind it, is `prefix`.
    fileprivate func isDirectChild(ofPrefix prefix: [UInt8]) -> Bool {
        count > prefix.count && starts(with: prefix) && !self[prefix.count...].contains(UInt8(ascii: "/"))
    }
}
