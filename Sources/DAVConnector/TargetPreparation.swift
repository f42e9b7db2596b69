import ConnectorKit
import DAVClient
import HTTPTypes
import WebDAV
import XMLStream

/// Finds or makes the collections of a restore on the server.
struct TargetPreparation {
    let session: AccountSession
    let account: DAVAccount
    let context: ConnectorContext
    let tree: any SnapshotTree
    /// Addresses in use: those on the server, and those made here.
    private var taken: Set<[UInt8]>
    private(set) var targets: [RestoreTarget] = []

    private var client: DAVClient { session.client }

    init(_ session: AccountSession, _ account: DAVAccount, _ context: ConnectorContext, _ tree: any SnapshotTree) {
        self.session = session
        self.account = account
        self.context = context
        self.tree = tree
        // What is left out of the account has an address all the same: a calendar in the trash bin, for instance.
        taken = Set((account.collections.map(\.url) + account.skipped.map(\.url.asCollection)).map(\.resourceKey))
    }

    /// The collections that objects can go to.
    private var calendars: [DAVCollection] { account.collections.filter { !$0.types.contains(.subscribed) } }

    /// - Returns: the index of the target.
    /// - Throws: when this collection has no place to go.
    mutating func target(for source: RestoreSource) async throws -> Int {
        let target = try await find(source)
        // Two folders share a collection only when the user sends both there.
        if let index = targets.firstIndex(where: { $0.url.isSameResource(as: target.url) }) { return index }
        targets.append(target)
        return targets.count - 1
    }

    private mutating func find(_ source: RestoreSource) async throws -> RestoreTarget {
        if let only = account.onlyCollection {
            try requireWritable(account.collections.first)
            return try await use(only, source, .merge)
        }
        guard session.settings.kinds.contains(source.kind) else {
            throw ConnectorError(
                .unsupported, "This destination does not take the \(source.kind.noun) \"\(source.title)\".",
                advice: "A destination with dav:// takes calendars and address books.")
        }
        guard let home = account.homes[source.kind]?.first else {
            throw ConnectorError(
                .unsupported, "The account has no place for the \(source.kind.noun) \"\(source.title)\".")
        }
        if let name = session.settings.map.collection(for: source) {
            return try await mapped(source, to: name, home)
        }
        if let address = SubscriptionReturn.address(of: source.sidecar), !context.isSelection,
            session.settings.subscriptionWay == .renew,
            let target = try await subscription(source, address, home)
        {
            return target
        }
        let mode = session.settings.mode ?? (context.isSelection ? .merge : .new)
        let segment = RestoreScreening.segment(for: source)
        let wanted = home.appending(segment: segment, isCollection: true)
        let present = calendars.first { $0.url.isSameResource(as: wanted) }
        if mode != .new, let found = present?.kind == source.kind ? present : namesake(source), !found.isReadOnly {
            return try await use(found.url, source, .merge)
        }
        guard let present else {
            guard taken.contains(wanted.resourceKey) else {
                let isCopy = segment != source.sidecar.segment && namesake(source, quietly: true) != nil
                return try await make(wanted, source, name: source.title + (isCopy ? " (restored)" : ""))
            }
            return try await makeElsewhere(segment, source, home)
        }
        if present.kind == source.kind, !present.isReadOnly,
            let target = try await take(present, source, name: source.title)
        {
            return target
        }
        return try await makeBeside(source, home)
    }

    /// The collection of the same name, where the address is another: a calendar that was made anew.
    private func namesake(_ source: RestoreSource, quietly: Bool = false) -> DAVCollection? {
        let found = calendars.filter { $0.kind == source.kind && $0.displayName == source.title }
        guard found.count == 1, let only = found.first else { return nil }
        if quietly { return only }
        context.report(.note("\"\(source.title)\" goes to the \(source.kind.noun) of that name at \(only.url.path)."))
        return only
    }

    private mutating func mapped(_ source: RestoreSource, to name: String, _ home: DAVURL) async throws -> RestoreTarget
    {
        if let found = try RestoreMap.find(name, source.kind, in: account, base: home) {
            try requireWritable(found)
            if session.settings.mode == .new {
                guard let target = try await take(found, source, name: found.title) else {
                    throw ConnectorError(
                        .alreadyExists, "\(found.title) is not empty.",
                        advice: "mode=merge, overwrite or exact say what to do with what is there.")
                }
                return target
            }
            return try await use(found.url, source, .merge)
        }
        let segment = PercentEncoding.encode(segment: Array(name.utf8))
        let url = home.appending(segment: segment, isCollection: true)
        if let index = targets.firstIndex(where: { $0.url.isSameResource(as: url) }) { return targets[index] }
        return try await make(url, source, name: name)
    }

    /// One sentence in place of a refusal for each object.
    private func requireWritable(_ collection: DAVCollection?) throws {
        guard let collection else { return }
        guard !collection.types.contains(.subscribed) else {
            throw ConnectorError(
                .unsupported, "\"\(collection.title)\" is a subscription, whose events come from elsewhere.")
        }
        guard !collection.isReadOnly else {
            throw ConnectorError(
                .permission, "\"\(collection.title)\" is read-only for this account.",
                advice: "Restore into another collection; map=FOLDER=NAME makes a new one.")
        }
    }

    // MARK: Subscriptions

    /// - Returns: nil where the server keeps no subscriptions, so that the events have to become a calendar.
    private mutating func subscription(
        _ source: RestoreSource, _ address: String, _ home: DAVURL
    ) async throws -> RestoreTarget? {
        if let present = account.collections.first(where: { $0.feedAddress == address && $0.isFeed }) {
            context.report(.note("\"\(source.title)\" is subscribed to already, at \(present.url.path)."))
            var target = RestoreTarget(present.url, source, .new)
            target.isSubscription = true
            return target
        }
        let free = (1...1_000).lazy.map { number in
            source.sidecar.segment + (number == 1 ? "" : number == 2 ? "-restored" : "-restored-\(number - 1)")
        }.map { home.appending(segment: $0, isCollection: true) }.first { [taken] in !taken.contains($0.resourceKey) }
        guard let url = free else { return nil }
        var target = RestoreTarget(url, source, .new)
        target.isSubscription = true
        target.outline.isNew = true
        let count = try await tree.names(in: source.directory).count { RestoreSource.isObject($0, source.kind) }
        let events = counted(count, "event")
        guard !context.isRehearsal else {
            taken.insert(url.resourceKey)
            context.report(
                .note(
                    "\"\(source.title)\" would be subscribed to again where the server can; else its \(events) would "
                        + "become a calendar."))
            return target
        }
        let wanted = CollectionMaker.settable(source.sidecar)
        guard let left = try await SubscriptionReturn(client: client).make(url, source.sidecar, address, wanted) else {
            context.report(
                .note("The server keeps no subscriptions: \"\(source.title)\" becomes a calendar with its \(events)."))
            return nil
        }
        taken.insert(url.resourceKey)
        context.report(
            .note(
                "\"\(source.title)\" is subscribed to again, so that its events come from there; subscriptions=copy "
                    + "restores the \(events) of the snapshot."))
        try await set(left, on: &target, wanted: wanted)
        return target
    }

    // MARK: Existing collections

    private func use(_ url: DAVURL, _ source: RestoreSource, _ fallback: RestorePolicy) async throws -> RestoreTarget {
        let policy: RestorePolicy =
            switch session.settings.mode {
            case .new: .new
            case .merge: .merge
            case .overwrite: .overwrite
            case .exact: .exact
            case nil: fallback
            }
        var target = RestoreTarget(url, source, policy)
        let known = account.collections.first { $0.url.isSameResource(as: url) }
        if let name = known?.displayName, name != (try await RestoreMark(source, tree)).name(in: name) {
            target.finalName = try await RestoreMark(source, tree).name(in: name)
        }
        let listing = try await MemberListing(url, kind: source.kind, client: client)
        target.existing = Self.byAddress(listing)
        target.strangers = try await strangers(target, try await addresses(of: source, in: url))
        if policy == .overwrite || policy == .exact {
            let wanted = CollectionMaker.settable(source.sidecar).filter { property in
                known.map { !PropertyComparison.isSame(property, $0[property.name]) } ?? true
            }
            try await set(wanted, on: &target)
        }
        return target
    }

    /// A collection in mode `new`: one that is empty, one that an interrupted run began, or one that has all of it.
    ///
    /// - Returns: nil when it holds something else and is to be left alone.
    private func take(_ present: DAVCollection, _ source: RestoreSource, name: String) async throws -> RestoreTarget? {
        let listing = try await MemberListing(present.url, kind: source.kind, client: client)
        let mark = try await RestoreMark(source, tree)
        if present.displayName.map(mark.isOn) ?? false {
            context.report(.note("Going on with \"\(source.title)\", which an earlier run has begun."))
            var target = RestoreTarget(present.url, source, .resume)
            target.existing = Self.byAddress(listing)
            target.finalName = mark.name(in: present.displayName ?? "")
            target.wanted = CollectionMaker.settable(source.sidecar)
            target.mark = mark
            return target
        }
        if listing.members.isEmpty {
            var target = RestoreTarget(present.url, source, .new)
            target.finalName = name
            target.mark = mark
            if !context.isRehearsal { await session.ledger.remember(present.url, mark) }
            var properties = CollectionMaker.settable(source.sidecar)
            target.wanted = properties
            CollectionMaker.rename(&properties, to: mark.marked(name))
            try await set(properties, on: &target, wanted: target.wanted)
            return target
        }
        if session.ledger.holds(present.url, mark) {
            context.report(
                .note("Going on with \"\(source.title)\", of which an earlier run could not restore everything."))
            var target = RestoreTarget(present.url, source, .resume)
            target.existing = Self.byAddress(listing)
            target.mark = mark
            return target
        }
        guard try await holdsAll(of: source, present.url, listing) else { return nil }
        context.report(.note("\"\(source.title)\" is there already, as it is in the snapshot."))
        var target = RestoreTarget(present.url, source, .resume)
        target.existing = Self.byAddress(listing)
        return target
    }

    private static func byAddress(_ listing: MemberListing) -> [[UInt8]: Member] {
        Dictionary(listing.members.map { ($0.url.resourceKey, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private func addresses(of source: RestoreSource, in url: DAVURL) async throws -> [[UInt8]: BytePath] {
        var addresses: [[UInt8]: BytePath] = [:]
        for name in try await tree.names(in: source.directory) {
            guard RestoreSource.isObject(name, source.kind), let path = source.directory.appending(name) else {
                continue
            }
            addresses[url.appending(segment: source.segment(for: name)).resourceKey] = path
        }
        return addresses
    }

    /// UIDs of the members that the snapshot has not under the same address: one of them may be the same object under
    /// another name, which must not be stored twice.
    private func strangers(_ target: RestoreTarget, _ own: [[UInt8]: BytePath]) async throws -> [String: Member] {
        let unknown = target.existing.filter { own[$0.key] == nil }.values.sorted { $0.href < $1.href }
        guard !unknown.isEmpty else { return [:] }
        var found: [String: Member] = [:]
        let reader = ReadBack(client, collection: target.url, kind: target.kind)
        for (member, outcome) in try await reader.read(unknown) {
            guard case .success(let content) = outcome,
                let uid = ObjectSummary(content.bytes, kind: target.kind).uid
            else { continue }
            found[uid] = found[uid] ?? member
        }
        return found
    }

    /// Whether a collection has the objects of the snapshot, no others, each saying the same.
    private func holdsAll(of source: RestoreSource, _ url: DAVURL, _ listing: MemberListing) async throws -> Bool {
        let own = try await addresses(of: source, in: url)
        guard own.count == listing.members.count, listing.members.allSatisfy({ own[$0.url.resourceKey] != nil }) else {
            return false
        }
        let untold = listing.members.filter { member in
            let name = own[member.url.resourceKey].map { String(decoding: $0.name, as: UTF8.self) } ?? ""
            return member.strongETag == nil || member.strongETag != source.objects[name]?.etag
        }
        let reader = ReadBack(client, collection: url, kind: source.kind)
        for (member, outcome) in try await reader.read(untold) {
            guard case .success(let content) = outcome, let path = own[member.url.resourceKey],
                let bytes = try await tree.content(at: path, limit: client.options.limits.object),
                isRestored(bytes, content.bytes, source.kind)
            else { return false }
        }
        return true
    }

    /// Whether an object is what a restore made of the one in the snapshot: with invitations held back, perhaps, and with
    /// its attachments in another place.
    private func isRestored(_ bytes: [UInt8], _ stored: [UInt8], _ kind: DAVCollectionKind) -> Bool {
        var (sent, stored) = (bytes, stored)
        if kind == .calendar, !ObjectSummary(bytes, kind: kind).attachments.isEmpty {
            sent = ManagedAttachment.allRemoved(from: sent)
            stored = ManagedAttachment.allRemoved(from: stored)
        }
        if Fidelity(sent: sent, stored: stored, kind: kind).keepsMeaning { return true }
        guard kind == .calendar, ObjectSummary(bytes, kind: kind).isScheduled else { return false }
        return Fidelity(sent: SchedulingHold.applied(to: sent), stored: stored, kind: kind).keepsMeaning
    }

    // MARK: New collections

    /// A new collection under another address, where its own is taken by something that is no calendar any more.
    private mutating func makeElsewhere(
        _ segment: String, _ source: RestoreSource, _ home: DAVURL
    ) async throws -> RestoreTarget {
        let wanted = home.appending(segment: segment, isCollection: true)
        let holder = account.skipped.first { $0.url.asCollection.isSameResource(as: wanted) }?.what
        let isSubscription = account.collections.contains { $0.url.isSameResource(as: wanted) }
        let what = holder ?? (isSubscription ? "a subscription" : "something else")
        context.report(
            .note(
                "The old address of \"\(source.title)\" is taken by \(what): it gets another."
            ))
        return try await makeBeside(source, home, keepsName: true)
    }

    /// A new collection next to one that is in use: nothing that is there is touched.
    private mutating func makeBeside(
        _ source: RestoreSource, _ home: DAVURL, keepsName: Bool = false
    ) async throws -> RestoreTarget {
        let segment = RestoreScreening.segment(for: source)
        for number in 1...1_000 {
            let counter = number == 1 ? "" : "-\(number)"
            let url = home.appending(segment: segment + "-restored" + counter, isCollection: true)
            let name =
                keepsName && number == 1
                ? source.title : source.title + (number == 1 ? " (restored)" : " (restored \(number))")
            if let present = calendars.first(where: { $0.url.isSameResource(as: url) }),
                present.kind == source.kind, let target = try await take(present, source, name: name)
            {
                return target
            }
            guard !taken.contains(url.resourceKey) else { continue }
            if !keepsName {
                let isReadOnly = calendars.contains {
                    $0.isReadOnly && $0.url.lastSegment == segment && $0.kind == source.kind
                }
                let why = isReadOnly ? "is read-only there" : "exists and is not empty"
                context.report(.note("\"\(source.title)\" \(why): restoring beside it into \(url.lastSegment)."))
            }
            return try await make(url, source, name: name)
        }
        throw ConnectorError(.alreadyExists, "\"\(source.title)\" was restored a thousand times already.")
    }

    private mutating func make(_ url: DAVURL, _ source: RestoreSource, name: String) async throws -> RestoreTarget {
        taken.insert(url.resourceKey)
        var target = RestoreTarget(url, source, .new)
        target.outline.isNew = true
        target.finalName = name
        target.wanted = CollectionMaker.settable(source.sidecar)
        var properties = target.wanted
        CollectionMaker.rename(&target.wanted, to: name)
        let mark = try await RestoreMark(source, tree)
        CollectionMaker.rename(&properties, to: mark.marked(name))
        guard !context.isRehearsal else { return target }
        target.mark = mark
        await session.ledger.remember(url, mark)
        let left: [PropertyElement]
        do {
            left = try await CollectionMaker(client).make(url, source.sidecar, properties)
        } catch let error as DAVClientError {
            // It may have been made, and only the answer was lost.
            guard try await isMade(url, mark) else { throw Self.limit(error, source) ?? error }
            left = properties
        }
        try await set(left, on: &target, wanted: target.wanted)
        return target
    }

    private func isMade(_ url: DAVURL, _ mark: RestoreMark) async throws -> Bool {
        do {
            let answer = try await client.propfind(url, depth: .zero, .named([.displayname]))
            return answer.own?.text(.displayname).map(mark.isOn) ?? false
        } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
            return false
        }
    }

    /// Some servers let only so many calendars be made in an hour, or at all (connectors.md, point 27).
    private static func limit(_ error: DAVClientError, _ source: RestoreSource) -> ConnectorError? {
        let words = error.reason.lowercased()
        let isLimit =
            error.status?.code == 429 || error.status?.code == 507
            || (error.status?.code == 403 && ["limit", "too many", "quota", "maximum"].contains(where: words.contains))
        guard isLimit else { return nil }
        return ConnectorError(
            .rejected,
            "The server lets no more collections be made now, so that \"\(source.title)\" has no place yet: "
                + error.reason,
            advice: "Some allow about ten in an hour. Run the same restore again later: it goes on where it ended.")
    }

    /// Sets what can be set.
    private func set(
        _ properties: [PropertyElement], on target: inout RestoreTarget, wanted: [PropertyElement]? = nil
    ) async throws {
        target.wanted = wanted ?? properties
        guard !context.isRehearsal else { return }
        let refused = try await CollectionMaker(client).set(properties, on: target.url)
        target.refused = refused.map(\.local).sorted()
        guard !refused.isEmpty else { return }
        let names = refused.map(PropertyComparison.title).sorted().joined(separator: ", ")
        context.report(
            .warning("The server did not take these properties of \"\(target.outline.title)\": \(names)."))
    }
}
