package import ConnectorKit
package import DAVClient
import WebDAV
import XMLStream

/// Restores calendars and address books to an account, each into a collection of its own with the properties it had.
///
/// Nothing that is on the server is touched unless the mode says so (``DAVSettings/Mode``). Objects go up in batches,
/// are read back, and compared.
package actor DAVExporter: RehearsingExporter {
    package nonisolated let identity: ConnectorIdentity
    let session: AccountSession
    private(set) var context = ConnectorContext()
    private var places: [BytePath: [Place]] = [:]
    private var targets: [RestoreTarget] = []
    /// Whether the server would send mail for events with attendees.
    private var holdsInvitations = false
    private var pending: [Upload] = []
    var failures: [ExportFailure] = []
    var attachments: AttachmentReturn?
    var attachmentTally = AttachmentTally()

    /// Where the objects of one folder of the snapshot go, or why they cannot.
    private struct Place {
        let source: RestoreSource
        let target: Result<Int, ConnectorError>
    }

    private static let batchCount = 32
    private static let batchBytes = 8 << 20

    /// - Throws: `ConnectorError` when credentials would travel in clear text.
    package init(_ settings: DAVSettings, transport: any DAVTransport) throws {
        session = try AccountSession(settings, transport: transport)
        identity = settings.identity
    }

    var client: DAVClient { session.client }

    package nonisolated var removesOthers: Bool { session.settings.mode == .exact }

    package func ping() async throws -> String {
        try await connecting { try await session.summary(counting: true) }
    }

    // MARK: Collections

    package func begin(_ tree: any SnapshotTree, _ context: ConnectorContext) async throws {
        self.context = context
        guard !(context.isSelection && removesOthers) else {
            throw ConnectorError(
                .invalidConfiguration, "mode=exact with single objects would remove all the others.",
                advice: "Use mode=overwrite.")
        }
        try await connecting {
            let sources = try await RestoreSource.all(in: tree, flatName: session.settings.collectionName ?? "restored")
            try session.settings.map.requireUse(by: sources)
            let account = try await session.account()
            try refuseCrowding(sources, account)
            let abilities = try await abilities(account)
            // A server that does not say whether it sends mail is treated as one that does.
            holdsInvitations =
                !session.settings.sendsInvitations && abilities?.contains("calendar-auto-schedule") ?? true
                && account.homes[.calendar]?.isEmpty == false
            let manages = abilities?.contains("calendar-managed-attachments") ?? false
            attachments = try await AttachmentReturn(
                session.settings.attachmentWay ?? (manages ? .managed : .inline), tree)
            var preparation = TargetPreparation(session, account, context, tree)
            for source in sources {
                let target: Result<Int, ConnectorError>
                do {
                    target = .success(try await preparation.target(for: source))
                } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
                    target = .failure(ConnectorError(error))
                } catch let error as ConnectorError {
                    target = .failure(error)
                }
                if case .failure(let error) = target {
                    context.report(.incomplete("\"\(source.title)\" cannot be restored: \(error)"))
                }
                places[source.directory, default: []].append(Place(source: source, target: target))
            }
            targets = preparation.targets
        }
    }

    /// Several collections never end in one by themselves.
    private func refuseCrowding(_ sources: [RestoreSource], _ account: DAVAccount) throws {
        guard let only = account.onlyCollection else { return }
        let kind = account.collections.first?.kind
        guard sources.count <= 1 else {
            throw ConnectorError(
                .invalidConfiguration, "\(sources.count) collections cannot go into the one at \(only).",
                advice: "Restore one of them, or give the address of the account.")
        }
        if let source = sources.first, source.kind != kind {
            throw ConnectorError(
                .invalidConfiguration, "\"\(source.title)\" is no \(kind?.noun ?? "collection") as \(only) is.")
        }
    }

    /// The tokens of the `DAV` header of the calendars' home; nil when the server does not say.
    private func abilities(_ account: DAVAccount) async throws -> Set<String>? {
        guard let home = account.homes[.calendar]?.first else { return [] }
        do {
            return try await client.options(home)
        } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
            return nil
        }
    }

    // MARK: Objects

    package func export(_ record: Record, content: (any ContentReader)?) async throws {
        guard let content, let info = record.info, info.mode.isRegular, case .entry = record.kind else { return }
        let name = record.path.name
        if name.elementsEqual(CollectionSidecar.fileName.utf8) || name.elementsEqual(ObjectsSidecar.fileName.utf8) {
            return
        }
        // They come with the events that have them.
        if record.path.isWithin(AttachmentReader.folder) { return }
        guard let place = place(of: record.path) else {
            throw ConnectorError(
                .unsupported, "\(record.path) is neither a calendar object nor a contact.",
                advice: "Only .ics and .vcf files can go to a CalDAV or CardDAV server.")
        }
        let target = try place.target.get()
        let bytes: [UInt8]
        do {
            bytes = try await Self.read(content, limit: client.options.limits.object, record.path)
        } catch {
            targets[target].tally.failed += 1
            throw error
        }
        let summary = ObjectSummary(bytes, kind: place.source.kind)
        let sent = try await withAttachments(bytes, summary)
        pending.append(upload(record.path, bytes, summary, sent, place.source, target))
        if pending.count >= Self.batchCount || pending.reduce(0, { $0 + $1.bytes.count }) >= Self.batchBytes {
            try await connecting { try await flush() }
        }
    }

    private func place(of path: BytePath) -> Place? {
        guard let places = path.parent.flatMap({ places[$0] }) else { return nil }
        return places.first { !$0.source.isFlat || RestoreSource.isObject(path.name, $0.source.kind) }
    }

    private func upload(
        _ path: BytePath, _ original: [UInt8], _ summary: ObjectSummary, _ sent: AttachedObject,
        _ source: RestoreSource, _ index: Int
    ) -> Upload {
        let known = source.objects[String(decoding: path.name, as: UTF8.self)]
        var (bytes, slimmer) = (sent.bytes, sent.slimmer)
        let isHeld = holdsInvitations && source.kind == .calendar && summary.isScheduled
        if isHeld {
            bytes = SchedulingHold.applied(to: bytes)
            slimmer = slimmer.map(SchedulingHold.applied)
            targets[index].tally.held += 1
        }
        let target = targets[index]
        let segment = source.segment(for: path.name)
        var url = target.url.appending(segment: segment)
        // Two folders that go to one collection may use one name for different objects.
        var number = 2
        while target.claimed.contains(url.resourceKey) {
            url = target.url.appending(segment: "\(number)-" + segment)
            number += 1
        }
        let existing = target.existing(at: url, uid: summary.uid)
        targets[index].claimed.insert(url.resourceKey)
        if let existing { targets[index].claimed.insert(existing.url.resourceKey) }
        return Upload(
            path: path, url: url, bytes: bytes, original: original, slimmer: slimmer, isHeld: isHeld,
            attachments: sent.files,
            contentType: source.kind.contentType + "; charset=utf-8", etag: known?.etag, uid: summary.uid,
            noun: summary.noun, target: index, collection: target.url, policy: target.policy, kind: source.kind,
            existing: existing)
    }

    private static func read(_ content: any ContentReader, limit: Int, _ path: BytePath) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await content.next() {
            guard piece.count <= limit - bytes.count else {
                throw ConnectorError(.limitExceeded, "\(path) is larger than \(limit >> 20) MiB.")
            }
            bytes += piece
        }
        return bytes
    }

    // MARK: Batches

    private func flush() async throws {
        guard !pending.isEmpty else { return }
        var batch = try await withCurrent(pending)
        pending = []
        var outcomes = try await write(batch)
        try await slimDown(&batch, &outcomes)
        try await returnAttachments(batch, outcomes)
        var stored: [(upload: Upload, url: DAVURL, replacing: Bool)] = []
        for (upload, outcome) in zip(batch, outcomes) {
            switch outcome {
            case .stored(let url, let replacing): stored.append((upload, url, replacing))
            case .present: targets[upload.target].tally.present += 1
            case .made(let fidelity):
                targets[upload.target].tally.present += 1
                targets[upload.target].tally.count(fidelity, noun: upload.noun)
            case .kept: targets[upload.target].tally.kept += 1
            case .failed(let reason): fail(upload, reason)
            }
        }
        try await verify(stored)
    }

    private func fail(_ upload: Upload, _ reason: String) {
        targets[upload.target].tally.failed += 1
        failures.append(ExportFailure(path: upload.path, reason: reason))
    }

    /// Reads what is in the way of the objects, as far as it is not known to be the same.
    private func withCurrent(_ batch: [Upload]) async throws -> [Upload] {
        var batch = batch
        let open = batch.indices.filter { index in
            guard let member = batch[index].existing else { return false }
            return member.strongETag == nil || member.strongETag != batch[index].etag
        }
        for indices in Dictionary(grouping: open, by: { batch[$0].target }).values {
            guard let first = indices.first else { continue }
            let reader = ReadBack(client, collection: batch[first].collection, kind: batch[first].kind)
            let members = indices.compactMap { batch[$0].existing }
            for (index, (_, outcome)) in zip(indices, try await reader.read(members)) {
                if case .success(let content) = outcome { batch[index].current = content }
            }
        }
        return batch
    }

    /// - Returns: the outcomes in the order of the batch.
    func write(_ batch: [Upload]) async throws -> [ObjectWriter.Outcome] {
        let writer = ObjectWriter(client: client, isRehearsal: context.isRehearsal)
        let concurrency = context.concurrency
        return try await withThrowingTaskGroup(of: (Int, ObjectWriter.Outcome).self) { group in
            var outcomes = [ObjectWriter.Outcome](repeating: .failed("not tried"), count: batch.count)
            var next = 0
            var running = 0
            while next < batch.count || running > 0 {
                while running < concurrency, next < batch.count {
                    let (index, upload) = (next, batch[next])
                    group.addTask { (index, try await writer.write(upload)) }
                    next += 1
                    running += 1
                }
                guard let (index, outcome) = try await group.next() else { break }
                outcomes[index] = outcome
                running -= 1
            }
            return outcomes
        }
    }

    /// Reads back what was stored: an answer of success is a promise, this is the proof.
    private func verify(_ stored: [(upload: Upload, url: DAVURL, replacing: Bool)]) async throws {
        for (upload, _, replacing) in stored where context.isRehearsal { count(upload, replacing) }
        guard !context.isRehearsal else { return }
        for objects in Dictionary(grouping: stored, by: { $0.upload.target }).values {
            guard let first = objects.first?.upload else { continue }
            let reader = ReadBack(client, collection: first.collection, kind: first.kind)
            let answers = try await reader.read(objects.map { Member(href: $0.url.target, url: $0.url) })
            for ((upload, _, replacing), (_, outcome)) in zip(objects, answers) {
                switch outcome {
                case .success(let content):
                    count(upload, replacing)
                    targets[upload.target].tally.count(upload.fidelity(content.bytes), noun: upload.noun)
                case .failure(let error):
                    fail(upload, "The server took it, but does not give it back: \(error)")
                }
            }
        }
    }

    private func count(_ upload: Upload, _ replacing: Bool) {
        if replacing {
            targets[upload.target].tally.replaced += 1
        } else {
            targets[upload.target].tally.added += 1
        }
    }

    // MARK: The end

    package func finish() async throws -> [ExportFailure] {
        try await connecting {
            try await flush()
            for index in targets.indices {
                if targets[index].policy == .exact { try await removeOthers(index) }
                if !context.isRehearsal { try await conclude(index) }
            }
        }
        let total = targets.reduce(RestoreTally()) { $0 + $1.tally }
        for event in total.events(isRehearsal: context.isRehearsal) { context.report(event) }
        for event in attachmentTally.events(isRehearsal: context.isRehearsal) { context.report(event) }
        return failures.sorted { $0.path < $1.path }
    }

    /// Mode `exact`: what the snapshot does not have goes, but only when everything else is in its place.
    private func removeOthers(_ index: Int) async throws {
        let target = targets[index]
        guard target.tally.failed == 0 else {
            if !target.others.isEmpty {
                context.report(
                    .incomplete(
                        "Nothing was removed from \"\(target.outline.title)\", since not everything could be restored.")
                )
            }
            return
        }
        for member in target.others {
            do {
                if !context.isRehearsal { try await client.delete(member.url, etag: member.strongETag) }
                targets[index].tally.removed += 1
            } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
                if error.code == .notFound {
                    // Gone is gone: the answer to our own first try may have been lost.
                    targets[index].tally.removed += 1
                    continue
                }
                let name = Array(member.name.utf8)
                targets[index].tally.failed += 1
                failures.append(
                    ExportFailure(
                        path: target.outline.directory.appending(name) ?? target.outline.directory,
                        reason: "It is not in the snapshot, and could not be removed: \(error)"))
            }
        }
    }

    /// Gives a new collection its name, and compares what it is with what it was.
    private func conclude(_ index: Int) async throws {
        let target = targets[index]
        // What the server has changed would not be recognised by its contents.
        if let mark = target.mark, target.tally.failed == 0, target.tally.differences().isEmpty {
            await session.ledger.forget(target.url, mark)
        }
        var wanted = target.wanted
        var refused = target.refused
        if let name = target.finalName {
            CollectionMaker.rename(&wanted, to: name)
            let left = try await CollectionMaker(client).set(wanted.filter { $0.name == .displayname }, on: target.url)
            refused += left.map(\.local).filter { !refused.contains($0) }
            if !left.isEmpty {
                context.report(
                    .incomplete(
                        "\(target.url.path) could not be given the name \"\(name)\"; run the same restore again."))
            }
        }
        guard !wanted.isEmpty else { return }
        do {
            let answer = try await client.propfind(target.url, depth: .zero, .named(wanted.map(\.name)))
            let found = answer.own?.properties ?? []
            targets[index].outline.differences += PropertyComparison.differences(
                wanted: wanted, found: found, refused: refused)
        } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
            targets[index].outline.differences.append("Its properties could not be read back: \(error)")
        }
        for difference in targets[index].outline.differences {
            context.report(.warning("\"\(target.outline.title)\": \(difference)"))
        }
    }

    package func outlines() -> [RestoreOutline] {
        targets.map { target in
            var outline = target.outline
            let tally = target.tally
            (outline.added, outline.replaced, outline.unchanged) = (tally.added, tally.replaced, tally.present)
            (outline.kept, outline.removed, outline.failed) = (tally.kept, tally.removed, tally.failed)
            outline.differences += tally.differences()
            return outline
        }.sorted { $0.directory < $1.directory }
    }

    package func close() async { await client.shutdown() }
}
