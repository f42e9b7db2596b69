import ConnectorKit
import DAVClient

/// Backs up a subscription: the calendar elsewhere that it stands for, event by event, with what the account says of it.
struct FeedReader {
    let session: AccountSession
    let collection: DAVCollection
    let path: BytePath
    let context: ConnectorContext
    /// Told of each object whose bytes stay with the previous snapshot until somebody wants them.
    let isUnread: (UnreadObject) -> Void

    private var source: String { collection.feedAddress ?? "" }

    /// The side file of the collection. The tags of a server that does not have the events say nothing about them.
    private var sidecar: CollectionSidecar {
        var sidecar = CollectionSidecar(collection)
        (sidecar.ctag, sidecar.syncToken) = (nil, nil)
        return sidecar
    }

    private struct Previous {
        let tree: any SnapshotTree
        let sidecar: CollectionSidecar
        let feed: FeedSidecar
        let objects: [ObjectsSidecar.Object]
        /// Whether its files are those objects, and nothing else.
        let isOrderly: Bool
    }

    func read(_ emit: @Sendable (Record) async throws -> Void) async throws -> CollectionReader.Outcome {
        let previous = await previous()
        // The feed comes first: when it cannot be had, nothing of this collection has been said yet.
        let mayAsk = previous?.isOrderly == true && !session.settings.readsEverything
        let answer: FeedFetcher.Answer
        do {
            answer = try await session.feeds.fetch(source, known: mayAsk ? previous?.feed : nil)
        } catch let error as DAVClientError {
            // Troubles of a host that is not the account's are no reason to give up the account.
            throw DAVClientError(
                .refused, "Its events come from elsewhere, and " + Self.inMidSentence(error.reason),
                advice: error.advice, status: error.status)
        }
        switch answer {
        case .unchanged:
            guard let previous else { break }
            return try await keep(previous, emit)
        case .feed(let feed): return try await store(feed, previous, emit)
        }
        throw DAVClientError(.protocolViolation, "Its feed says that nothing has changed, but nothing is known of it.")
    }

    private static func inMidSentence(_ reason: String) -> String {
        if reason.hasPrefix("No ") { return "there is no " + reason.dropFirst(3) }
        return reason.hasPrefix("The ") ? "the " + reason.dropFirst(4) : reason
    }

    /// Whether the previous snapshot has exactly what a backup would now put into this folder; asks the feed, once.
    func isAsBefore() async throws -> Bool {
        guard let previous = await previous(), previous.isOrderly, previous.sidecar == sidecar,
            previous.objects.allSatisfy({ !isExcluded($0.name) })
        else { return false }
        return try await session.feeds.isUnchanged(source, known: previous.feed)
    }

    // MARK: Records

    private func keep(
        _ previous: Previous, _ emit: @Sendable (Record) async throws -> Void
    ) async throws -> CollectionReader.Outcome {
        context.report(.expected(records: previous.objects.count))
        try await emit(.directory(path))
        for object in previous.objects { try await emitUnread(object, previous, emit) }
        try await emitSidecars(previous.feed, previous.objects, emit)
        return .init(before: previous.objects.count, now: previous.objects.count, attachments: [])
    }

    private func store(
        _ feed: FeedFetcher.Feed, _ previous: Previous?, _ emit: @Sendable (Record) async throws -> Void
    ) async throws -> CollectionReader.Outcome {
        let content = try FeedObjects(feed.bytes)
        let known = Dictionary(
            (previous?.objects ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        context.report(.expected(records: content.objects.count))
        try await emit(.directory(path))
        var objects: [ObjectsSidecar.Object] = []
        var taken: Set<String> = []
        for found in content.objects {
            let object = describe(found, &taken)
            guard let file = path.appending(object.name), !isExcluded(object.name) else { continue }
            if let previous, let before = known[object.name], before.digest == object.digest {
                objects.append(before)
                try await emitUnread(before, previous, emit)
                continue
            }
            objects.append(object)
            try await emit(Record(path: file, info: Self.info(object), content: .inline(found.bytes)))
        }
        var sidecar = FeedSidecar(
            source: source, etag: feed.etag, lastModified: feed.lastModified, digest: feed.digest, lines: content.lines)
        // What is left out now may be wanted the next time, when the feed must not say that nothing has changed.
        if objects.count < content.objects.count {
            (sidecar.etag, sidecar.lastModified, sidecar.digest) = (nil, nil, "")
        }
        try await emitSidecars(sidecar, objects, emit)
        // Feeds end with a season; only an empty one is an alarm.
        let before = content.objects.isEmpty ? previous?.objects.count ?? 0 : 0
        return .init(before: before, now: content.objects.count, attachments: [])
    }

    private func describe(_ found: FeedObjects.Object, _ taken: inout Set<String>) -> ObjectsSidecar.Object {
        let isLong = found.uid.utf8.count > 160
        let uid = isLong ? String(CollectionReader.number(Array(found.uid.utf8)), radix: 16) : found.uid
        let segment = PercentEncoding.encode(segment: uid.utf8) + ".ics"
        var name = MemberName.name(forSegment: segment, ending: "ics")
        if taken.contains(name) {
            name = MemberName.distinctName(forHref: found.uid + found.digest, segment: segment, ending: "ics")
        }
        taken.insert(name)
        return ObjectsSidecar.Object(
            name: name, href: segment, etag: nil, digest: found.digest, contentType: nil, uid: found.uid,
            size: found.bytes.count, modified: found.modified, attachments: nil)
    }

    private func emitUnread(
        _ object: ObjectsSidecar.Object, _ previous: Previous, _ emit: @Sendable (Record) async throws -> Void
    ) async throws {
        guard let file = path.appending(object.name), !isExcluded(object.name) else { return }
        isUnread(UnreadObject(path: file, href: object.href, collection: collection.url, previous: previous.tree))
        try await emit(Record(path: file, info: Self.info(object), content: .onDemand))
    }

    private func emitSidecars(
        _ feed: FeedSidecar, _ objects: [ObjectsSidecar.Object], _ emit: @Sendable (Record) async throws -> Void
    ) async throws {
        for (name, bytes) in [
            (CollectionSidecar.fileName, try SidecarCoding.encode(sidecar)),
            (FeedSidecar.fileName, try SidecarCoding.encode(feed)),
            (ObjectsSidecar.fileName, try ObjectsSidecar(objects).encoded()),
        ] {
            guard let file = path.appending(name) else { continue }
            let info = FileInfo(
                name: file.name, size: Int64(bytes.count), mode: .regular(permissions: 0o600),
                modificationTime: .epoch, inode: CollectionReader.number(bytes))
            try await emit(Record(path: file, info: info, content: .inline(bytes)))
        }
    }

    private static func info(_ object: ObjectsSidecar.Object) -> FileInfo {
        FileInfo(
            name: Array(object.name.utf8), size: Int64(object.size), mode: .regular(permissions: 0o600),
            modificationTime: Timestamp(seconds: object.modified),
            inode: CollectionReader.number(Array((object.digest ?? "").utf8)))
    }

    private func isExcluded(_ name: String) -> Bool {
        path.appending(name).map { context.excludes($0, false) } ?? true
    }

    // MARK: What the previous snapshot has

    private func previous() async -> Previous? {
        guard let tree = context.previous,
            let sidecar = await decode(CollectionSidecar.self, CollectionSidecar.fileName, tree),
            sidecar.href == collection.href,
            let feed = await decode(FeedSidecar.self, FeedSidecar.fileName, tree),
            let known = await content(ObjectsSidecar.fileName, tree).flatMap(ObjectsSidecar.init(decoding:)),
            let names = try? await tree.names(in: path)
        else { return nil }
        let present = Set(names)
        let objects = known.objects.filter { present.contains(Array($0.name.utf8)) }
        return Previous(
            tree: tree, sidecar: sidecar, feed: feed, objects: objects,
            isOrderly: objects.count == known.objects.count && names.count == objects.count + 3)
    }

    private func decode<Value: Sidecar>(_ type: Value.Type, _ name: String, _ tree: any SnapshotTree) async -> Value? {
        await content(name, tree).flatMap { SidecarCoding.decode(type, $0) }
    }

    private func content(_ name: String, _ tree: any SnapshotTree) async -> [UInt8]? {
        guard let file = path.appending(name) else { return nil }
        return try? await tree.content(at: file, limit: sidecarLimit)
    }
}
