package import ConnectorKit
package import DAVClient
import WebDAV

/// Restores calendars and address books to an account, each into a collection of its own with the properties it had.
///
/// Nothing that is on the server is touched unless the mode says so (``DAVSettings/Mode``). Objects go up in batches,
/// are read back, and compared.
package actor DAVExporter: Exporter {
    package nonisolated let identity: ConnectorIdentity
    private let session: AccountSession
    private var context = ConnectorContext()
    private var places: [BytePath: [Place]] = [:]
    /// Whether the server would send mail for events with attendees.
    private var holdsInvitations = false
    private var pending: [Upload] = []
    private var failures: [ExportFailure] = []
    private var tally = RestoreTally()

    /// Where the objects of one folder of the snapshot go, or why they cannot.
    private struct Place {
        let source: RestoreSource
        let target: Result<RestoreTarget, ConnectorError>
    }

    private static let batchCount = 32
    private static let batchBytes = 8 << 20

    /// - Throws: `ConnectorError` when credentials would travel in clear text.
    package init(_ settings: DAVSettings, transport: any DAVTransport) throws {
        session = try AccountSession(settings, transport: transport)
        identity = settings.identity
    }

    private var client: DAVClient { session.client }

    package func ping() async throws -> String {
        try await connecting { try await session.summary(counting: true) }
    }

    // MARK: Collections

    package func begin(_ tree: any SnapshotTree, _ context: ConnectorContext) async throws {
        self.context = context
        try await connecting {
            let sources = try await RestoreSource.all(in: tree, flatName: session.settings.collectionName ?? "restored")
            let account = try await session.account()
            try refuseCrowding(sources, account)
            try await checkScheduling(account)
            var preparation = TargetPreparation(session, account, context)
            for source in sources {
                let target: Result<RestoreTarget, ConnectorError>
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

    private func checkScheduling(_ account: DAVAccount) async throws {
        guard !session.settings.sendsInvitations, let home = account.homes[.calendar]?.first else { return }
        do {
            holdsInvitations = try await client.options(home).contains("calendar-auto-schedule")
        } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
            // A server that does not say whether it sends mail is treated as one that does.
            holdsInvitations = true
        }
    }

    // MARK: Objects

    package func export(_ record: Record, content: (any ContentReader)?) async throws {
        guard let content, let info = record.info, info.mode.isRegular, case .entry = record.kind else { return }
        let name = record.path.name
        if name.elementsEqual(CollectionSidecar.fileName.utf8) || name.elementsEqual(ObjectsSidecar.fileName.utf8) {
            return
        }
        // They lie beside the snapshot's collections for people; the events still name where they were.
        if record.path.isWithin(AttachmentReader.folder) { return }
        guard let place = place(of: record.path) else {
            throw ConnectorError(
                .unsupported, "\(record.path) is neither a calendar object nor a contact.",
                advice: "Only .ics and .vcf files can go to a CalDAV or CardDAV server.")
        }
        let target = try place.target.get()
        let bytes = try await Self.read(content, limit: client.options.limits.object, record.path)
        pending.append(upload(record.path, bytes, place.source, target))
        if pending.count >= Self.batchCount || pending.reduce(0, { $0 + $1.bytes.count }) >= Self.batchBytes {
            try await connecting { try await flush() }
        }
    }

    private func place(of path: BytePath) -> Place? {
        guard let places = path.parent.flatMap({ places[$0] }) else { return nil }
        return places.first { !$0.source.isFlat || RestoreSource.isObject(path.name, $0.source.kind) }
    }

    private func upload(
        _ path: BytePath, _ bytes: [UInt8], _ source: RestoreSource, _ target: RestoreTarget
    ) -> Upload {
        let known = source.objects[String(decoding: path.name, as: UTF8.self)]
        let summary = ObjectSummary(bytes, kind: source.kind)
        var bytes = bytes
        if holdsInvitations, source.kind == .calendar, summary.isScheduled {
            bytes = SchedulingHold.applied(to: bytes)
            tally.held += 1
        }
        return Upload(
            path: path, url: target.url.appending(segment: source.segment(for: path.name)), bytes: bytes,
            contentType: source.kind.contentType + "; charset=utf-8", etag: known?.etag, uid: summary.uid,
            target: target, kind: source.kind)
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
        let batch = pending
        pending = []
        guard !batch.isEmpty else { return }
        let outcomes = try await write(batch)
        var stored: [(upload: Upload, url: DAVURL)] = []
        for (upload, outcome) in zip(batch, outcomes) {
            switch outcome {
            case .stored(let url): stored.append((upload, url))
            case .present: tally.present += 1
            case .kept: tally.kept += 1
            case .failed(let reason): failures.append(ExportFailure(path: upload.path, reason: reason))
            }
        }
        try await verify(stored)
    }

    /// - Returns: the outcomes in the order of the batch.
    private func write(_ batch: [Upload]) async throws -> [ObjectWriter.Outcome] {
        let writer = ObjectWriter(client: client)
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
    private func verify(_ stored: [(upload: Upload, url: DAVURL)]) async throws {
        let groups = Dictionary(grouping: stored, by: { $0.upload.target.url })
        for (collection, objects) in groups {
            guard let kind = objects.first?.upload.kind else { continue }
            let sent = Dictionary(
                objects.map { ($0.url.resourceKey, $0.upload) }, uniquingKeysWith: { first, _ in first })
            let members = objects.map { Member(href: $0.url.target, url: $0.url) }
            let reader = ReadBack(client, collection: collection, kind: kind)
            for (member, outcome) in try await reader.read(members, concurrency: context.concurrency) {
                guard let upload = sent[member.url.resourceKey] else { continue }
                switch outcome {
                case .success(let bytes):
                    tally.stored += 1
                    tally.count(Fidelity(sent: upload.bytes, stored: bytes, kind: kind))
                case .failure(let error):
                    failures.append(
                        ExportFailure(
                            path: upload.path, reason: "The server took it, but does not give it back: \(error)"))
                }
            }
        }
    }

    package func finish() async throws -> [ExportFailure] {
        try await connecting { try await flush() }
        for event in tally.events { context.report(event) }
        return failures.sorted { $0.path < $1.path }
    }

    package func close() async { await client.shutdown() }
}
