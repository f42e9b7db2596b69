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
    /// The beginning of this day, seconds since 1970.
    let today: Int64
    /// Told of each object whose bytes stay with the previous snapshot until somebody wants them.
    let isUnread: (UnreadObject) -> Void

    private var client: DAVClient { session.client }
    private var kind: DAVCollectionKind { collection.kind }

    struct Outcome: Sendable {
        /// Objects that the last snapshot has, and that there are now.
        var before: Int
        var now: Int
        var attachments: [ManagedAttachment]
    }

    func read(_ emit: @Sendable (Record) async throws -> Void) async throws -> Outcome {
        let previous = try await previousCollection()
        // The survey comes first: when it fails, nothing of this collection has been said yet.
        let early =
            previous == nil && !context.hasExclusions
            ? EarlyReading(client, collection: collection.url, kind: kind) : nil
        defer { early?.cancel() }
        let surveyor = CollectionSurveyor(
            collection: collection, client: client, previous: readsEverything(previous) ? nil : previous,
            mayAskForChanges: mayAskForChanges(previous), early: early)
        var survey = try await surveyor.survey()
        for folder in survey.folders { context.report(.note("Left out the folder \(folder.path) in a \(kind.noun).")) }
        context.report(.expected(records: survey.count))
        try await emit(.directory(path))
        var progress = Progress()
        let wanted = survey.count
        survey.changed.removeAll { isExcluded($0.name) }
        survey.unchanged.removeAll { isExcluded($0.name) }
        progress.lacksObjects = survey.count < wanted
        do {
            try await emitUnchanged(survey.unchanged, previous, &progress, emit)
            try await fetch(survey.changed, previous, &progress, emit, after: early)
            try await catchUp(survey, &progress, emit)
        } catch {
            // What was read until now may be kept, and then the next backup need not read it again.
            progress.lacksObjects = true
            try? await emitSidecars(survey, previous, progress, emit)
            throw error
        }
        try await settle(&progress, emit)
        try await emitSidecars(survey, previous, progress, emit)
        return Outcome(
            before: (previous?.objects.count ?? 0) + (previous?.absent.count ?? 0), now: wanted + progress.added,
            attachments: progress.objects.flatMap { $0.attachments ?? [] })
    }

    /// Whether the collection says that it is as it was: a first look, at its small side file only.
    func mayBeAsBefore() async -> Bool {
        guard let tree = context.previous, let known = await PreviousCollection.sidecar(of: path, in: tree) else {
            return false
        }
        return CollectionSurveyor.isAsItWas(collection, known)
    }

    /// Whether the previous snapshot has exactly what a backup would now put into this folder.
    func isAsBefore() async throws -> Bool {
        guard await mayBeAsBefore(), let previous = try await previousCollection(), previous.isOrderly,
            !readsEverything(previous), mayAskForChanges(previous)
        else { return false }
        guard sidecar(token: previous.sidecar.syncToken, previous) == previous.sidecar else { return false }
        return previous.objects.allSatisfy { $0.isTold && $0.attachments == nil && !isExcluded($0.name) }
    }

    private struct Progress {
        var objects: [ObjectsSidecar.Object] = []
        /// Listed, but not there when asked for.
        var vanished: [Member] = []
        /// Whether an object was newer than the listing.
        var sawNewer = false
        /// Members that came during the backup.
        var added = 0
        /// Whether a member is not in the snapshot.
        var lacksObjects = false
    }

    private func isExcluded(_ name: String) -> Bool {
        guard context.hasExclusions else { return false }
        return path.appending(name).map { context.excludes($0, false) } ?? true
    }

    // MARK: What the previous snapshot has

    /// How long the word of a server for what has changed is enough, in days.
    private static let listingInterval: Int64 = 7
    private static let day: Int64 = 86_400

    private func previousCollection() async throws -> PreviousCollection? {
        guard let tree = context.previous else { return nil }
        let previous = try await PreviousCollection(path, in: tree)
        // Another collection may have had this name.
        return previous?.sidecar.href == collection.href ? previous : nil
    }

    /// Some servers leave an ETag as it is when an object changes; a full read from time to time finds out.
    private func readsEverything(_ previous: PreviousCollection?) -> Bool {
        if session.settings.readsEverything { return true }
        guard session.settings.fullReadInterval > 0, let read = previous?.sidecar.read else { return false }
        return read + Int64(session.settings.fullReadInterval) * Self.day <= today
    }

    private func mayAskForChanges(_ previous: PreviousCollection?) -> Bool {
        guard let sidecar = previous?.sidecar, sidecar.lacksObjects != true, let listed = sidecar.listed else {
            return false
        }
        return (today - Self.listingInterval * Self.day + 1...today).contains(listed)
    }

    private func emitUnchanged(
        _ objects: [ObjectsSidecar.Object], _ previous: PreviousCollection?, _ progress: inout Progress,
        _ emit: @Sendable (Record) async throws -> Void
    ) async throws {
        guard let previous else { return }
        progress.objects.reserveCapacity(objects.count)
        for object in objects {
            guard let file = path.appending(object.name) else { continue }
            isUnread(UnreadObject(path: file, href: object.href, collection: collection.url, previous: previous.tree))
            progress.objects.append(object)
            try await emit(Record(path: file, info: Self.info(object), content: .onDemand))
        }
    }

    // MARK: Reading

    private func fetch(
        _ members: [Member], _ previous: PreviousCollection?, _ progress: inout Progress,
        _ emit: @Sendable (Record) async throws -> Void, after early: EarlyReading? = nil
    ) async throws {
        let places = Dictionary(
            (members.isEmpty ? [] : previous?.objects ?? []).enumerated().map { ($0.element.name, $0.offset) },
            uniquingKeysWith: { first, _ in first })
        let fetcher = ObjectFetcher(client, collection: collection.url, kind: kind)
        try await fetcher.fetch(members, concurrency: context.concurrency, after: early) { outcomes in
            for outcome in outcomes {
                switch outcome {
                case .object(let member, let bytes, let etag):
                    if etag != member.etag { progress.sawNewer = true }
                    guard let file = path.appending(member.name) else { continue }
                    if let previous, let known = places[member.name].map({ previous.objects[$0] }),
                        let kept = try await keptBytes(of: known, at: file, previous, rereadAs: bytes)
                    {
                        let object = Self.object(member, kept, etag: etag, kind)
                        progress.objects.append(object)
                        isUnread(
                            UnreadObject(
                                path: file, href: member.href, collection: collection.url, previous: previous.tree))
                        try await emit(Record(path: file, info: Self.info(object), content: .onDemand))
                        continue
                    }
                    let object = Self.object(member, bytes, etag: etag, kind)
                    progress.objects.append(object)
                    try await emit(Record(path: file, info: Self.info(object), content: .inline(bytes)))
                case .vanished(let member): progress.vanished.append(member)
                case .failed(let member, let error):
                    progress.lacksObjects = true
                    try await emitFailure(member, error.description, emit)
                }
            }
        }
    }

    /// What the previous snapshot has of an object, when the server says the same with other bytes (``Rereading``).
    private func keptBytes(
        of known: ObjectsSidecar.Object, at file: BytePath, _ previous: PreviousCollection, rereadAs new: [UInt8]
    ) async throws -> [UInt8]? {
        // Nobody writes a longer time or another order with so many other bytes.
        guard abs(known.size - new.count) <= 4 << 10,
            let old = try? await previous.tree.content(at: file, limit: client.options.limits.object)
        else { return nil }
        return Rereading.isSame(old, new, kind: kind) ? old : nil
    }

    // MARK: What changes meanwhile

    /// Reads what came in while we were reading. What changed after it was read stays as it was then: each object is
    /// whole, and the recorded ETag makes the next backup take the newer one.
    private func catchUp(
        _ survey: CollectionSurvey, _ progress: inout Progress, _ emit: @Sendable (Record) async throws -> Void
    ) async throws {
        guard !survey.changed.isEmpty else { return }
        // A list of changes is of one moment, and the next one begins there: what came since is found then.
        guard survey.isListing || !progress.vanished.isEmpty else { return }
        let known = Set(progress.objects.map(\.name)).union(progress.vanished.map(\.name))
        guard var added = try await newcomers(survey, &progress, known) else { return }
        var taken = known
        MemberListing.giveNames(&added, ending: kind.fileExtension, taken: &taken)
        added.removeAll { isExcluded($0.name) }
        progress.added = added.count
        try await fetch(added, nil, &progress, emit)
        if !added.isEmpty {
            context.report(
                .note("\(counted(added.count, "object")) came into \"\(collection.title)\" during the backup."))
        }
    }

    /// Members that the survey did not have; nil when nothing has moved. What vanished and is listed no more was
    /// deleted in the meantime, and nothing is missing.
    private func newcomers(
        _ survey: CollectionSurvey, _ progress: inout Progress, _ known: Set<String>
    ) async throws -> [Member]? {
        if let token = survey.token, let changes = try await changes(since: token) {
            let removed = Set(changes.removed.map(\.url.resourceKey))
            progress.vanished.removeAll { removed.contains($0.url.resourceKey) }
            return unknown(changes.changed, in: survey)
        }
        guard try await hasMoved(progress) else { return nil }
        let listing = try await MemberListing(collection.url, kind: kind, client: client)
        let listed = Set(listing.members.map(\.url.resourceKey))
        progress.vanished.removeAll { !listed.contains($0.url.resourceKey) }
        return unknown(listing.members, in: survey)
    }

    private func unknown(_ members: [Member], in survey: CollectionSurvey) -> [Member] {
        guard !members.isEmpty else { return [] }
        let before = Set(survey.unchanged.map(\.href) + survey.changed.map(\.href))
        let added = members.filter { !before.contains($0.href) }
        guard !added.isEmpty else { return [] }
        // Some servers spell hrefs in one way in listings and in another in reports.
        let keys = keys(survey)
        return added.filter { !keys.contains($0.url.resourceKey) }
    }

    private func keys(_ survey: CollectionSurvey) -> Set<[UInt8]> {
        let unchanged = survey.unchanged.compactMap { collection.url.resolving($0.href)?.resourceKey }
        return Set(unchanged + survey.changed.map(\.url.resourceKey))
    }

    private func changes(since token: String) async throws -> CollectionChanges? {
        do {
            return try await CollectionChanges(collection.url, since: token, client: client)
        } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
            return nil
        }
    }

    private func hasMoved(_ progress: Progress) async throws -> Bool {
        if progress.sawNewer || !progress.vanished.isEmpty { return true }
        guard let before = collection.changeTag else { return false }
        let name: XMLName = collection.text(.getctag) == nil ? .syncToken : .getctag
        let answer = try await client.propfind(collection.url, depth: .zero, .named([name]))
        return answer.own?.text(name) != before
    }

    /// What is listed but cannot be read is missing from the snapshot, and said to be.
    private func settle(_ progress: inout Progress, _ emit: @Sendable (Record) async throws -> Void) async throws {
        for member in progress.vanished {
            try await emitFailure(member, "The server lists \(member.href), but says that it is not there.", emit)
            progress.lacksObjects = true
        }
    }

    private func emitFailure(
        _ member: Member, _ reason: String, _ emit: @Sendable (Record) async throws -> Void
    ) async throws {
        guard let file = path.appending(member.name) else { return }
        try await emit(.failed(file, error: reason))
    }

    // MARK: Records

    private func emitSidecars(
        _ survey: CollectionSurvey, _ previous: PreviousCollection?, _ progress: Progress,
        _ emit: @Sendable (Record) async throws -> Void
    ) async throws {
        var sidecar = sidecar(token: survey.token, previous)
        if survey.isListing { sidecar.listed = today }
        if progress.lacksObjects { sidecar.lacksObjects = true }
        try await emitSidecar(CollectionSidecar.fileName, SidecarCoding.encode(sidecar), emit)
        // Most calendars are as they were; then their list is as well.
        let isSame = previous.map { $0.absent.isEmpty && progress.objects == $0.objects } ?? false
        let objects =
            if isSame, let previous { previous.objectsFile } else {
                try ObjectsSidecar(progress.objects).encoded()
            }
        try await emitSidecar(ObjectsSidecar.fileName, objects, emit)
    }

    private func sidecar(token: String?, _ previous: PreviousCollection?) -> CollectionSidecar {
        var sidecar = CollectionSidecar(collection)
        sidecar.syncToken = token
        sidecar.listed = previous?.sidecar.listed
        sidecar.read = readsEverything(previous) ? today : previous?.sidecar.read ?? today
        return sidecar
    }

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
            modified: summary.modified ?? member.lastModified ?? 0,
            attachments: summary.attachments.isEmpty ? nil : summary.attachments)
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
    static func number(_ bytes: [UInt8]) -> UInt64 {
        SHA256.hash(data: bytes).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
