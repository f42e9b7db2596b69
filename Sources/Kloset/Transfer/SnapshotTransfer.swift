public import ConnectorKit
public import KlosetFormat

/// Copies snapshots from one repository into another, with the same identifiers. Nothing else stays the same: names,
/// compression and encryption are those of the destination, so the trees are built anew, in the form in which this
/// program writes them.
///
/// A snapshot is copied whole or not at all. One that is there already is left alone, so a copying that was cut off
/// goes on where it was when it is begun again.
public final class SnapshotTransfer: Sendable {
    public let source: Repository
    public let destination: Repository
    private let concurrency: Int
    private let copier: ObjectCopier
    /// Whether snapshots that both have are used to tell what need not be read.
    private let usesCommonSnapshots: Bool

    /// - Parameters:
    ///   - concurrency: how many files are copied at once.
    ///   - usesCommonSnapshots: false when the destination cannot be read while it is written, as an archive.
    /// - Throws: ``KlosetError/Code/invalidArgument`` when both are the same repository.
    public init(
        from source: Repository, to destination: Repository, concurrency: Int = 4, usesCommonSnapshots: Bool = true
    ) throws {
        guard source.identifier != destination.identifier else {
            throw KlosetError(.invalidArgument, "Both are the same store, \(source.identifier).")
        }
        self.source = source
        self.destination = destination
        self.concurrency = max(1, concurrency)
        self.usesCommonSnapshots = usesCommonSnapshots
        copier = ObjectCopier(source)
    }

    /// Whether the destination has a snapshot, or has had it and it was removed there.
    public enum Presence: Hashable, Sendable {
        case missing
        case present
        case removed
    }

    public func presence(of snapshot: MAC) -> Presence {
        let aggregate = destination.aggregate
        if aggregate.isDeleted(snapshot: snapshot) { return .removed }
        return aggregate.snapshots.contains(snapshot) ? .present : .missing
    }

    /// What copying a snapshot took.
    public struct Summary: Hashable, Sendable {
        public var entries: UInt64 = 0
        /// Bytes of content that were read.
        public var bytesRead: UInt64 = 0
        /// Bytes that the destination has grown by.
        public var bytesStored: UInt64 = 0
        /// The signature of the original, which covers the identifiers there, could not be kept.
        public var droppedSignature = false

        public init() {}
    }

    /// Copies one snapshot. Takes a shared lock of the destination.
    ///
    /// - Returns: nil when it is there already.
    /// - Throws: ``KlosetError/Code/alreadyExists`` when it was removed there: identifiers are never used twice.
    ///   ``KlosetError/Code/corrupt`` and ``KlosetError/Code/notFound`` when it is damaged in the source. Then nothing
    ///   appears in the destination.
    public func copy(
        _ identifier: MAC, report: @escaping @Sendable (BytePath, Entry) -> Void = { _, _ in }
    ) async throws -> Summary? {
        let original = try await source.snapshot(identifier)
        try await destination.refresh()
        switch presence(of: identifier) {
        case .present: return nil
        case .removed:
            throw KlosetError(
                .alreadyExists,
                "Snapshot \(identifier.hex.prefix(8)) was removed from \(destination.store.location) before.",
                advice: "A copy with another identifier can be made: \"dup\" it, then copy that.")
        case .missing: break
        }
        guard original.header.sources.count == 1 else {
            throw KlosetError(
                .unsupported, "Snapshot \(identifier.hex.prefix(8)) has \(original.header.sources.count) sources.")
        }
        guard try await !RepositoryLock.isTaken(identifier, destination) else {
            throw KlosetError(.locked, "Another process is copying snapshot \(identifier.hex.prefix(8)) already.")
        }
        let writer = try await SnapshotWriter(
            destination, SnapshotDescription(identity: original.identity), parent: nil, identifier: identifier)
        do {
            let common = try await commonContent(with: original, writer.sink)
            let copy = SnapshotCopy(original, writer, copier, common, concurrency, report)
            let summary = try await copy.run()
            return summary
        } catch {
            await writer.abort()
            throw error
        }
    }

    /// The nearest snapshot of the same source that both have, best an earlier one.
    private func commonContent(with original: Snapshot, _ sink: BlobSink) async throws -> CommonContent? {
        guard usesCommonSnapshots else { return nil }
        let there = Set(sink.aggregate.snapshots)
        let candidates = try await source.snapshots().headers.filter {
            there.contains($0.identifier) && $0.sources.first?.importer == original.source.importer
        }
        let time = original.header.timestamp
        guard let nearest = candidates.first(where: { $0.timestamp <= time }) ?? candidates.last else { return nil }
        do {
            return CommonContent(
                try await source.snapshot(nearest.identifier), try await destination.snapshot(nearest.identifier), sink)
        } catch is KlosetError {
            return nil
        }
    }
}

/// One snapshot while it is copied.
private struct SnapshotCopy {
    private let original: Snapshot
    private let writer: SnapshotWriter
    private let copier: ObjectCopier
    private let common: CommonContent?
    private let concurrency: Int
    private let report: @Sendable (BytePath, Entry) -> Void

    /// Entries that are collected before their contents are copied side by side.
    private static let batchSize = 256

    init(
        _ original: Snapshot, _ writer: SnapshotWriter, _ copier: ObjectCopier, _ common: CommonContent?,
        _ concurrency: Int, _ report: @escaping @Sendable (BytePath, Entry) -> Void
    ) {
        self.original = original
        self.writer = writer
        self.copier = copier
        self.common = common
        self.concurrency = concurrency
        self.report = report
    }

    func run() async throws -> SnapshotTransfer.Summary {
        var summary = SnapshotTransfer.Summary()
        var batch: [Entry] = []
        try await original.walk { _, entry in
            batch.append(entry)
            guard batch.count == Self.batchSize else { return }
            summary.entries += UInt64(batch.count)
            summary.bytesRead += try await copy(batch)
            batch.removeAll(keepingCapacity: true)
        }
        summary.entries += UInt64(batch.count)
        summary.bytesRead += try await copy(batch)
        for attribute in try await original.extendedAttributes() { summary.bytesRead += try await copy(attribute) }
        for (path, reason) in try await original.errors() { try await writer.note(failureAt: path, reason) }
        let header = original.header
        summary.droppedSignature = header.identity != SnapshotHeader.Identity()
        _ = try await writer.commit(copyOf: header)
        summary.bytesStored = await writer.statistics.bytesStored
        return summary
    }

    /// - Returns: bytes that were read.
    private func copy(_ entries: [Entry]) async throws -> UInt64 {
        let lanes = min(concurrency, entries.count)
        return try await withThrowingTaskGroup(of: UInt64.self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    var bytes: UInt64 = 0
                    for index in stride(from: lane, to: entries.count, by: lanes) {
                        bytes += try await copy(entries[index])
                    }
                    return bytes
                }
            }
            var total: UInt64 = 0
            for try await bytes in group { total += bytes }
            return total
        }
    }

    private func copy(_ entry: Entry) async throws -> UInt64 {
        try Task.checkCancellation()
        var entry = entry
        var bytes: UInt64 = 0
        // Directories of the 1.0 line carry their summary; today it is a blob of its own.
        entry.summary = nil
        entry.version = .v1_0_0
        let mode = entry.info.mode
        if mode.isRegular {
            guard entry.object != .zero else {
                throw KlosetError(.corrupt, "\(entry.path): the file has no content")
            }
            if let content = try await common?.content(at: entry.path, object: entry.object) {
                entry.take(content)
            } else {
                let copied = try await copier.copy(
                    entry.object, size: entry.info.size, of: "\(entry.path)", into: writer.storer)
                bytes = copied.bytes
                entry.take(copied.content)
            }
        } else {
            entry.object = .zero
            if !mode.isDirectory { entry.contentType = Entry.notRegularContentType }
        }
        try await writer.add(copied: entry)
        report(entry.path, entry)
        return bytes
    }

    private func copy(_ attribute: SnapshotAttribute) async throws -> UInt64 {
        let place = "\(attribute.path) (\(printable(attribute.name)))"
        guard let kind = attribute.kind else {
            throw KlosetError(.incompatible, "\(place): the attribute is of a kind that this program does not know")
        }
        let copied = try await copier.copy(attribute.object, size: attribute.size, of: place, into: writer.storer)
        try await writer.add(
            copied: StoredAttribute(
                path: attribute.path, name: attribute.name, kind: kind, size: copied.content.size,
                object: copied.content.object))
        return copied.bytes
    }
}

extension SnapshotWriter {
    /// An entry whose content is in the destination.
    fileprivate func add(copied entry: Entry) throws { try contents.add(entry) }

    fileprivate func add(copied attribute: StoredAttribute) throws { try contents.add(attribute) }

    fileprivate func note(failureAt path: BytePath, _ reason: String) throws { try contents.fail(path, reason) }

    /// Publishes the copy. Only what says where its trees begin differs from the original.
    fileprivate func commit(copyOf original: SnapshotHeader) async throws -> SnapshotHeader {
        try await commit { trees in
            var header = original
            header.version = .v1_0_0
            // A signature covers the identifiers of the trees, and only its maker can make another.
            header.identity = SnapshotHeader.Identity()
            header.dataset = header.dataset ?? ""
            header.dataClasses = header.dataClasses ?? []
            header.sources[0].root = trees.roots
            header.sources[0].indexes = trees.indexes
            header.sources[0].summary = trees.summary
            return header
        }
    }
}
