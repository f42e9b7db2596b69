package import ConnectorKit
package import DAVClient
import FoundationEssentials
import Synchronization
import WebDAV

/// Backs up every calendar and address book of an account.
///
/// The tree of a snapshot:
/// ```
/// /calendars/NAME/.collection.json     what the collection is: ``CollectionSidecar``
/// /calendars/NAME/.objects.json        href, ETag and UID of each member: ``ObjectsSidecar``
/// /calendars/NAME/OBJECT.ics           bytes exactly as the server stores them
/// /calendars/NAME/.feed.json           of a subscription: ``FeedSidecar``
/// /addressbooks/NAME/OBJECT.vcf
/// /attachments/ID.data                 what servers keep beside events: ``ManagedAttachment``
/// ```
/// NAME and OBJECT are the last segments of the hrefs, see ``MemberName``.
package final class DAVImporter: ComparingImporter {
    package let identity: ConnectorIdentity
    private let session: AccountSession
    /// Objects that the previous snapshot has already, by path, until the host asks for them after all.
    private let unread = Mutex<[BytePath: UnreadObject]>([:])
    /// What was found out about the account when it was asked whether it is as before.
    private let found = Mutex<DAVAccount?>(nil)
    /// Seconds since 1970.
    private let now: @Sendable () -> Int64

    /// - Throws: `ConnectorError` when credentials would travel in clear text.
    package init(
        _ settings: DAVSettings, transport: any DAVTransport,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
    ) throws {
        session = try AccountSession(settings, transport: transport)
        identity = settings.identity
        self.now = now
    }

    package func ping() async throws -> String {
        try await connecting { try await session.summary(counting: true) }
    }

    // MARK: As before

    /// Asks for the account and the state of its collections, and for nothing in them.
    package func isAsBefore(_ context: ConnectorContext) async throws -> Bool {
        guard let previous = context.previous, !session.settings.readsEverything else { return false }
        return try await connecting {
            let account = try await session.account()
            let isSame = try await isAsBefore(account, previous, context)
            if isSame { tell(account, context) } else { found.withLock { $0 = account } }
            return isSame
        }
    }

    private func isAsBefore(
        _ account: DAVAccount, _ previous: any SnapshotTree, _ context: ConnectorContext
    ) async throws -> Bool {
        let folders = session.settings.kinds.map { Array($0.folder.utf8) }
        guard account.hidden.isEmpty, session.settings.choice.unused(among: account.collections).isEmpty,
            !account.collections.isEmpty, Set(try await previous.names(in: .root)) == Set(folders)
        else { return false }
        var readers: [CollectionReader] = []
        var feeds: [FeedReader] = []
        for kind in session.settings.kinds {
            guard let folder = BytePath.root.appending(kind.folder) else { return false }
            let collections = Self.named(account.collections.filter { $0.kind == kind })
                .filter { session.settings.choice.reason(toSkip: $0.collection) == nil }
                .filter { folder.appending($0.name).map { !context.excludes($0, true) } ?? false }
            let names = Set(collections.map { Array($0.name.utf8) })
            guard Set(try await previous.names(in: folder)) == names, !context.excludes(folder, true) else {
                return false
            }
            for (name, collection) in collections {
                guard let path = folder.appending(name) else { return false }
                guard !collection.isFeed else {
                    feeds.append(
                        FeedReader(
                            session: session, collection: collection, path: path, context: context, isUnread: { _ in }))
                    continue
                }
                readers.append(
                    CollectionReader(
                        session: session, collection: collection, path: path, context: context, today: today,
                        isUnread: { _ in }))
            }
        }
        // What has moved is found before the long lists of what has not are read.
        for reader in readers { guard await reader.mayBeAsBefore() else { return false } }
        for reader in readers { guard try await reader.isAsBefore() else { return false } }
        for feed in feeds { guard try await feed.isAsBefore() else { return false } }
        return true
    }

    private func tell(_ account: DAVAccount, _ context: ConnectorContext) {
        for skipped in account.skipped { context.report(.note("Left out \(skipped.what) at \(skipped.url.path).")) }
        for (url, status) in account.hidden {
            context.report(.incomplete("\(url.path) is not shown by the server (status \(status))."))
        }
        for remark in account.remarks { context.report(.note(remark)) }
        for pattern in session.settings.choice.unused(among: account.collections) {
            let known = account.collections.map { "\"\($0.title)\"" }.joined(separator: ", ")
            context.report(
                .incomplete(
                    "include names \"\(pattern)\", which fits nothing; the account has \(known.isEmpty ? "nothing" : known)."
                ))
        }
        if account.collections.isEmpty {
            context.report(.warning("The account has no calendar and no address book."))
        }
        for collection in account.collections where session.settings.kinds.contains(collection.kind) {
            guard let reason = session.settings.choice.reason(toSkip: collection) else { continue }
            context.report(.note("Left out the \(collection.kind.noun) \"\(collection.title)\", which \(reason)."))
        }
    }

    private var today: Int64 { now() / 86_400 * 86_400 }

    // MARK: Records

    package func importRecords(
        _ context: ConnectorContext, emit: @Sendable (Record) async throws -> Void
    ) async throws {
        try await connecting {
            let known = found.withLock { found in
                defer { found = nil }
                return found
            }
            let account: DAVAccount
            if let known { account = known } else { account = try await session.account() }
            tell(account, context)
            try requireSome(account)
            try await importCollections(account, context, emit)
        }
    }

    /// Patterns that leave nothing are a mistake, and no snapshot.
    private func requireSome(_ account: DAVAccount) throws {
        let collections = account.collections.filter { session.settings.kinds.contains($0.kind) }
        guard !collections.isEmpty,
            collections.allSatisfy({ session.settings.choice.reason(toSkip: $0) != nil })
        else { return }
        throw ConnectorError(
            .invalidConfiguration, "The options leave out everything that the account has.",
            advice:
                "It has \(collections.map { "\"\($0.title)\"" }.joined(separator: ", ")); see include, exclude and shared."
        )
    }

    private func importCollections(
        _ account: DAVAccount, _ context: ConnectorContext, _ emit: @Sendable (Record) async throws -> Void
    ) async throws {
        try await emit(.directory(.root))
        var failures: [any Error] = []
        var tried = 0
        var attachments: [ManagedAttachment] = []
        var alarm = LossAlarm(limit: session.settings.lossLimit)
        let today = today
        for kind in session.settings.kinds {
            guard let folder = BytePath.root.appending(kind.folder) else { continue }
            try await emit(.directory(folder))
            let collections = Self.named(account.collections.filter { $0.kind == kind })
            try await compareVanished(collections.map(\.name), in: folder, kind, &alarm, context)
            for (name, collection) in collections {
                guard let path = folder.appending(name), !context.excludes(path, true) else { continue }
                guard session.settings.choice.reason(toSkip: collection) == nil else { continue }
                tried += 1
                do {
                    let count: CollectionReader.Outcome
                    let isUnread = { @Sendable [self] (object: UnreadObject) in
                        unread.withLock { $0[object.path] = object }
                    }
                    if collection.isFeed {
                        count = try await FeedReader(
                            session: session, collection: collection, path: path, context: context, isUnread: isUnread
                        ).read(emit)
                    } else {
                        count = try await CollectionReader(
                            session: session, collection: collection, path: path, context: context, today: today,
                            isUnread: isUnread
                        ).read(emit)
                    }
                    let what = "The \(kind.noun) \"\(collection.title)\""
                    alarm.compare(what, before: count.before, now: count.now, context)
                    attachments += count.attachments
                } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
                    failures.append(error)
                    context.report(.incomplete("The \(kind.noun) \"\(collection.title)\" could not be read: \(error)"))
                    try await emit(.failed(path, error: error.description))
                }
            }
        }
        // Nothing at all could be read: that is no snapshot with holes, but no snapshot.
        if let first = failures.first, failures.count == tried { throw first }
        alarm.conclude(context)
        guard session.settings.keepsAttachments else { return }
        let reader = AttachmentReader(
            client: session.client, context: context,
            isUnread: { [self] object in unread.withLock { $0[object.path] = object } })
        try await reader.read(attachments, emit)
    }

    /// Folder names, which depend on the addresses only.
    private static func named(_ collections: [DAVCollection]) -> [(name: String, collection: DAVCollection)] {
        var taken: Set<String> = []
        return collections.map { collection in
            let last = collection.url.lastSegment.isEmpty ? "root" : collection.url.lastSegment
            let segment = collection.delegator.map { "\($0).\(last)" } ?? last
            var name = MemberName.name(forSegment: segment, ending: nil)
            if taken.contains(name) {
                name = MemberName.distinctName(forHref: collection.href, segment: segment, ending: nil)
            }
            taken.insert(name)
            return (name, collection)
        }
    }

    /// Looks for collections of the previous snapshot that are gone: a deletion by mistake should not pass unseen.
    private func compareVanished(
        _ names: [String], in folder: BytePath, _ kind: DAVCollectionKind, _ alarm: inout LossAlarm,
        _ context: ConnectorContext
    ) async throws {
        guard let previous = context.previous else { return }
        let known = Set(names.map { Array($0.utf8) })
        for name in try await previous.names(in: folder) where !known.contains(name) {
            guard let path = folder.appending(name) else { continue }
            let objects = try await previous.names(in: path).count { !$0.starts(with: ".".utf8) }
            alarm.compare("The \(kind.noun) \"\(printable(name))\"", before: objects, now: nil, context)
        }
    }

    // MARK: Contents

    package func open(_ record: Record) async throws -> any ContentReader {
        guard let object = unread.withLock({ $0.removeValue(forKey: record.path) }) else {
            throw ConnectorError(.notFound, "\(record.path) is not among what this backup listed.")
        }
        let bytes = try await connecting { try await object.bytes(session.client) }
        return InlineContentReader(bytes)
    }

    package func close() async { await session.client.shutdown() }
}

/// An object whose bytes the previous snapshot holds.
struct UnreadObject: Sendable {
    let path: BytePath
    let href: String
    let collection: DAVURL
    let previous: any SnapshotTree

    func bytes(_ client: DAVClient) async throws -> [UInt8] {
        if let bytes = try? await previous.content(at: path, limit: client.options.limits.object) { return bytes }
        guard let url = collection.resolving(href) else {
            throw ConnectorError(.notFound, "\(path) has no address any more.")
        }
        return try await client.get(url).bytes
    }
}

extension DAVCollectionKind {
    var folder: String { self == .calendar ? "calendars" : "addressbooks" }
}

extension Record {
    /// A directory of ours. It has no time of its own: servers give none that means anything.
    static func directory(_ path: BytePath) -> Record {
        Record(
            path: path,
            info: FileInfo(name: path.name, size: 0, mode: .directory(permissions: 0o700), modificationTime: .epoch))
    }
}
