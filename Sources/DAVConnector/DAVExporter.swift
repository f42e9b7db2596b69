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
    private var pendingBytes = 0
    /// Batches on their way, the first one first.
    private var underWay:
        [(sending: Task<BatchWriter.Sent, any Error>, verifying: Task<BatchWriter.Results, any Error>)] =
            []
    private let tempo = WriteTempo()
    var failures: [ExportFailure] = []
    var attachments: AttachmentReturn?
    var attachmentTally = AttachmentTally()

    /// Where the objects of one folder of the snapshot go, or why they cannot.
    private struct Place {
        let source: RestoreSource
        let target: Result<Int, ConnectorError>
        /// Left to the server, and no failure.
        var isSkipped = false
    }

    private static let batchCount = 200
    private static let batchBytes = 8 << 20
    private static let batchesUnderWay = 2

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
        tempo.begin(context.concurrency)
        guard !(context.isSelection && removesOthers) else {
            throw ConnectorError(
                .invalidConfiguration, "mode=exact with single objects would remove all the others.",
                advice: "Use mode=overwrite.")
        }
        try await connecting {
            let sources = try await RestoreSource.all(in: tree, flatName: session.settings.collectionName ?? "restored")
            try session.settings.map.requireUse(by: sources)
            let account = try await session.account()
            if let address = account.emptyAddress {
                context.report(
                    .warning("There is nothing at \(address); what is restored goes into the account itself."))
            }
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
            let screening = RestoreScreening(settings: session.settings, account: account)
            for source in sources {
                let target: Result<Int, ConnectorError>
                if let reason = screening.reason(toSkip: source) {
                    context.report(.note(reason))
                    target = .failure(ConnectorError(.unsupported, reason))
                    places[source.directory, default: []].append(
                        Place(source: source, target: target, isSkipped: true))
                    continue
                }
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
            try requireSome(sources)
        }
    }

    /// A restore of nothing must not look like one that worked.
    private func requireSome(_ sources: [RestoreSource]) throws {
        let skipped = places.values.joined().count { $0.isSkipped }
        guard skipped > 0 else { return }
        guard skipped < sources.count else {
            throw ConnectorError(
                .unsupported, "Nothing is left to restore: all of it is made by the server or read-only there.",
                advice: "readonly=copy restores copies.")
        }
        context.report(.note("Left \(counted(skipped, "collection")) to the server."))
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
        let sideFiles = [CollectionSidecar.fileName, ObjectsSidecar.fileName, FeedSidecar.fileName]
        if sideFiles.contains(where: { name.elementsEqual($0.utf8) }) { return }
        // They come with the events that have them.
        if record.path.isWithin(AttachmentReader.folder) { return }
        guard let place = place(of: record.path) else {
            throw ConnectorError(
                .unsupported, "\(record.path) is neither a calendar object nor a contact.",
                advice: "Only .ics and .vcf files can go to a CalDAV or CardDAV server.")
        }
        guard !place.isSkipped else { return }
        let target = try place.target.get()
        guard !targets[target].isSubscription else { return }
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
        pendingBytes += sent.bytes.count
        if pending.count >= Self.batchCount || pendingBytes >= Self.batchBytes {
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
        }
        // In place: a copy of the target would take the list of what is claimed with it, for every object.
        let (existing, url) = targets[index].claim(source.segment(for: path.name), uid: summary.uid)
        return Upload(
            path: path, url: url, bytes: bytes, original: original, slimmer: slimmer, isHeld: isHeld,
            attachments: sent.files,
            contentType: source.kind.contentType + "; charset=utf-8", etag: known?.etag, uid: summary.uid,
            noun: summary.noun, target: index, collection: targets[index].url, policy: targets[index].policy,
            kind: source.kind,
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

    /// Sends what is waiting on its way. While one batch is read back, the next one is sent, and the one after that read
    /// from the snapshot.
    private func flush() async throws {
        guard !pending.isEmpty else { return }
        let batch = pending
        pending = []
        pendingBytes = 0
        while underWay.count >= Self.batchesUnderWay { try await settleFirst() }
        let writer = BatchWriter(client: client, isRehearsal: context.isRehearsal, tempo: tempo)
        let before = underWay.last?.sending
        let sending = Task {
            // One batch after the other, so that the tempo is that of the server.
            _ = await before?.result
            var sent = try await writer.send(batch)
            try await slimDown(&sent, writer)
            try await returnAttachments(sent)
            return sent
        }
        underWay.append((sending, Task { try await writer.verify(try await sending.value) }))
    }

    /// Waits for the batch that was sent first, and counts what came of it.
    private func settleFirst() async throws {
        guard let (sending, verifying) = underWay.first else { return }
        let results = try await withTaskCancellationHandler {
            try await verifying.value
        } onCancel: {
            sending.cancel()
            verifying.cancel()
        }
        underWay.removeFirst()
        for (upload, result) in results { count(upload, try await proved(result, of: upload)) }
    }

    private func count(_ upload: Upload, _ result: BatchWriter.Result) {
        let index = upload.target
        switch result {
        case .added, .replaced: if upload.isHeld { targets[index].tally.held += 1 }
        case .present, .made, .kept, .failed: break
        }
        switch result {
        case .added(let fidelity):
            targets[index].tally.added += 1
            if let fidelity { targets[index].tally.count(fidelity, noun: upload.noun) }
        case .replaced(let fidelity):
            targets[index].tally.replaced += 1
            if let fidelity { targets[index].tally.count(fidelity, noun: upload.noun) }
        case .present: targets[index].tally.present += 1
        case .made(let fidelity):
            targets[index].tally.present += 1
            targets[index].tally.count(fidelity, noun: upload.noun)
        case .kept: targets[index].tally.kept += 1
        case .failed(let reason):
            targets[index].tally.failed += 1
            failures.append(ExportFailure(path: upload.path, reason: reason))
        }
    }

    // MARK: The end

    package func finish() async throws -> [ExportFailure] {
        try await connecting {
            try await flush()
            while !underWay.isEmpty { try await settleFirst() }
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

    package func close() async {
        for (sending, verifying) in underWay {
            sending.cancel()
            verifying.cancel()
            _ = await verifying.result
        }
        underWay = []
        await client.shutdown()
    }
}
