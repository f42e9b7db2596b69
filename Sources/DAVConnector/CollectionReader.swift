import ConnectorKit
import Crypto
import DAVClient
import WebDAV
import XMLStream

/// Backs up one collection.
struct CollectionReader {
    let session: AccountSession
    let collection: DAVCollection
    let path: BytePath
    let context: ConnectorContext
    /// Told of each object whose bytes stay with the previous snapshot until somebody wants them.
    let isUnread: (UnreadObject) -> Void

    private var client: DAVClient { session.client }
    private var kind: DAVCollectionKind { collection.kind }

    func read(_ emit: @Sendable (Record) async throws -> Void) async throws {
        // The listing comes first: when it fails, nothing of this collection has been said yet.
        let listing = try await MemberListing(collection.url, kind: kind, client: client)
        for folder in listing.folders { context.report(.note("Left out the folder \(folder.path) in a \(kind.noun).")) }
        context.report(.expected(records: listing.members.count))
        try await emit(.directory(path))
        let sidecar = CollectionSidecar(collection)
        try await emitSidecar(CollectionSidecar.fileName, SidecarCoding.encode(sidecar), emit)
        var progress = Progress()
        let previous = try await previousObjects()
        let changed = try await emitUnchanged(listing.members, previous, &progress, emit)
        try await fetch(changed, &progress, emit)
        if try await hasMoved(progress, fetched: changed.count) {
            try await catchUp(listing, &progress, emit)
        }
        try await settle(&progress, emit)
        reportLosses(previous.count, listing.members.count)
        try await emitSidecar(
            ObjectsSidecar.fileName, SidecarCoding.encode(ObjectsSidecar(progress.objects)), emit)
    }

    private struct Progress {
        var objects: [ObjectsSidecar.Object] = []
        /// Listed, but not there when asked for.
        var vanished: [Member] = []
        /// Whether an object was newer than the listing.
        var sawNewer = false
    }

    // MARK: What the previous snapshot has

    private func previousObjects() async throws -> [String: ObjectsSidecar.Object] {
        guard !session.settings.readsEverything, let previous = context.previous,
            let file = path.appending(ObjectsSidecar.fileName)
        else { return [:] }
        // A side file that cannot be read only makes this backup read everything.
        guard let bytes = try? await previous.content(at: file, limit: sidecarLimit),
            let sidecar = SidecarCoding.decode(ObjectsSidecar.self, bytes)
        else { return [:] }
        return Dictionary(sidecar.objects.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// - Returns: the members that must be read from the server.
    private func emitUnchanged(
        _ members: [Member], _ previous: [String: ObjectsSidecar.Object], _ progress: inout Progress,
        _ emit: @Sendable (Record) async throws -> Void
    ) async throws -> [Member] {
        guard let tree = context.previous, !previous.isEmpty else { return members }
        let present = Set(try await tree.names(in: path))
        var changed: [Member] = []
        for member in members {
            guard let etag = member.strongETag, let known = previous[member.name], known.etag == etag,
                known.href == member.href, present.contains(Array(known.name.utf8)),
                let file = path.appending(known.name)
            else {
                changed.append(member)
                continue
            }
            isUnread(UnreadObject(path: file, member: member, previous: tree))
            progress.objects.append(known)
            try await emit(Record(path: file, info: Self.info(known), content: .onDemand))
        }
        return changed
    }

    // MARK: Reading

    private func fetch(
        _ members: [Member], _ progress: inout Progress, _ emit: @Sendable (Record) async throws -> Void
    ) async throws {
        let fetcher = ObjectFetcher(client, collection: collection.url, kind: kind)
        try await fetcher.fetch(members, concurrency: context.concurrency) { outcomes in
            for outcome in outcomes {
                switch outcome {
                case .object(let member, let bytes, let etag):
                    if etag != member.etag { progress.sawNewer = true }
                    guard let file = path.appending(member.name) else { continue }
                    let object = Self.object(member, bytes, etag: etag, kind)
                    progress.objects.append(object)
                    try await emit(Record(path: file, info: Self.info(object), content: .inline(bytes)))
                case .vanished(let member): progress.vanished.append(member)
                case .failed(let member, let error): try await emitFailure(member, error.description, emit)
                }
            }
        }
    }

    /// Whether the collection changed since it was listed. Costs a request only when there was something to read.
    private func hasMoved(_ progress: Progress, fetched: Int) async throws -> Bool {
        if progress.sawNewer || !progress.vanished.isEmpty { return true }
        guard fetched > 0, let before = collection.changeTag else { return false }
        let answer = try await client.propfind(collection.url, depth: .zero, .named([.getctag, .syncToken]))
        guard let own = answer.own else { return true }
        return (own.text(.getctag) ?? own.text(.syncToken)) != before
    }

    /// Reads what came in while we were reading. What changed after it was read stays as it was then: each object is
    /// whole, and the recorded ETag makes the next backup take the newer one.
    private func catchUp(
        _ first: MemberListing, _ progress: inout Progress, _ emit: @Sendable (Record) async throws -> Void
    ) async throws {
        let second = try await MemberListing(collection.url, kind: kind, client: client)
        let known = Set(first.members.map(\.url.resourceKey))
        let listed = Set(second.members.map(\.url.resourceKey))
        // Gone from the second listing as well: deleted in the meantime, and nothing is missing.
        progress.vanished.removeAll { !listed.contains($0.url.resourceKey) }
        let added = second.members.filter { !known.contains($0.url.resourceKey) }
        try await fetch(added, &progress, emit)
        if !added.isEmpty {
            context.report(
                .note("\(counted(added.count, "object")) came into \"\(collection.title)\" during the backup."))
        }
    }

    /// What is listed but cannot be read is missing from the snapshot, and said to be.
    private func settle(_ progress: inout Progress, _ emit: @Sendable (Record) async throws -> Void) async throws {
        for member in progress.vanished {
            try await emitFailure(member, "The server lists \(member.href), but says that it is not there.", emit)
        }
    }

    private func emitFailure(
        _ member: Member, _ reason: String, _ emit: @Sendable (Record) async throws -> Void
    ) async throws {
        guard let file = path.appending(member.name) else { return }
        try await emit(.failed(file, error: reason))
    }

    private func reportLosses(_ before: Int, _ now: Int) {
        guard before >= 10, now < before / 2 else { return }
        context.report(
            .warning(
                "\"\(collection.title)\" had \(counted(before, "object")) in the last snapshot and has \(grouped(now)) now."
            ))
    }

    // MARK: Records

    private func emitSidecar(
        _ name: String, _ bytes: [UInt8], _ emit: @Sendable (Record) async throws -> Void
    ) async throws {
        guard let file = path.appending(name) else { return }
        let info = FileInfo(
            name: file.name, size: Int64(bytes.count), mode: .regular(permissions: 0o600), modificationTime: .epoch,
            inode: Self.number(bytes))
        try await emit(Record(path: file, info: info, content: .inline(bytes)))
    }

    private static func object(
        _ member: Member, _ bytes: [UInt8], etag: String?, _ kind: DAVCollectionKind
    ) -> ObjectsSidecar.Object {
        let summary = ObjectSummary(bytes, kind: kind)
        let isTold = etag.map { !$0.hasPrefix("W/") } ?? false
        return ObjectsSidecar.Object(
            name: member.name, href: member.href, etag: etag, digest: isTold ? nil : String(number(bytes), radix: 16),
            contentType: member.contentType, uid: summary.uid, size: bytes.count,
            modified: summary.modified ?? member.lastModified ?? 0)
    }

    /// The description of an object from what its entry in the sidecar says, and from nothing else: the same entry
    /// gives the same description in the next backup, which is how the host knows an unchanged object.
    private static func info(_ object: ObjectsSidecar.Object) -> FileInfo {
        FileInfo(
            name: Array(object.name.utf8), size: Int64(object.size), mode: .regular(permissions: 0o600),
            modificationTime: Timestamp(seconds: object.modified),
            inode: number(Array((object.digest ?? object.etag ?? "").utf8)))
    }

    /// 64 bits of a hash, in place of an inode number: a change that keeps size and time still changes it.
    private static func number(_ bytes: [UInt8]) -> UInt64 {
        SHA256.hash(data: bytes).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
