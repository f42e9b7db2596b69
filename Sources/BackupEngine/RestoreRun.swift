internal import ConnectorKit
internal import Kloset
internal import KlosetFormat
internal import Synchronization

/// One restore while it runs: hands records to the exporter and counts what came of them.
struct RestoreRun {
    let snapshot: Snapshot
    /// The directory that becomes the root of the destination.
    let base: BytePath
    let exporter: any Exporter
    let report: JobReport
    let gaps = Gaps()
    private(set) var counts = RestoreSummary.Counts()
    private(set) var failures = JobFailures()
    /// All attributes of the snapshot by path, read when one is not where it belongs in their tree.
    private var attributes: [BytePath: [SnapshotAttribute]]?

    init(snapshot: Snapshot, base: BytePath, exporter: any Exporter, report: @escaping JobReport) {
        self.snapshot = snapshot
        self.base = base
        self.exporter = exporter
        self.report = report
    }

    func context(concurrency: Int) -> ConnectorContext {
        ConnectorContext(concurrency: concurrency) { [report, gaps] event in
            switch event {
            case .expected(let records): report(.expected(records: records))
            case .note(let text): report(.note(text))
            case .warning(let text): report(.warning(text))
            case .incomplete(let text):
                gaps.append(text)
                report(.incomplete(text))
            }
        }
    }

    /// Restores one entry with its extended attributes. A failure is noted, and the next entry follows.
    ///
    /// - Throws: only when the task was cancelled.
    mutating func restore(_ path: BytePath, _ entry: Entry) async throws {
        guard let target = path.relative(to: base) else { return }
        let kind = JobEntry.Kind(entry.info.mode)
        var info = entry.info
        if target.isRoot { info.name = BytePath.root.bytes }
        let record = Record(
            path: target, info: info,
            symbolicLinkTarget: entry.info.mode.isSymbolicLink ? entry.symbolicLinkTarget : nil,
            extendedAttributeNames: entry.extendedAttributeNames,
            content: entry.info.mode.isRegular ? .onDemand : .none)
        do {
            let reader = entry.info.mode.isRegular ? try snapshot.reader(for: entry) : nil
            let bytes = try await export(record, reader)
            count(kind, bytes: bytes)
            report(.entry(JobEntry(path: target, kind: kind, outcome: .done(bytes: bytes))))
        } catch {
            try Task.checkCancellation()
            fail(path, kind, "\(error)")
            return
        }
        guard !entry.extendedAttributeNames.isEmpty,
            exporter.identity.flags.contains(.exportsExtendedAttributes)
        else { return }
        try await restoreAttributes(of: path, entry.extendedAttributeNames, as: target)
    }

    private mutating func restoreAttributes(
        of path: BytePath, _ names: [[UInt8]], as target: BytePath
    ) async throws {
        do {
            for attribute in try await attributes(names, of: path) {
                guard let kind = attribute.kind else { continue }
                let record = Record(
                    path: target, kind: .extendedAttribute(name: attribute.name, kind: kind), info: nil,
                    content: .onDemand)
                let bytes = try await export(record, snapshot.reader(for: attribute))
                count(.attribute, bytes: bytes)
            }
        } catch {
            try Task.checkCancellation()
            fail(path, .attribute, "Its extended attributes: \(error)")
        }
    }

    private mutating func attributes(_ names: [[UInt8]], of path: BytePath) async throws -> [SnapshotAttribute] {
        if let attributes { return attributes[path] ?? [] }
        if let found = try await snapshot.extendedAttributes(names, of: path) { return found }
        let all = Dictionary(grouping: try await snapshot.extendedAttributes(), by: \.path)
        attributes = all
        return all[path] ?? []
    }

    /// - Returns: the bytes that the exporter has read.
    private func export(_ record: Record, _ content: (any ContentReader)?) async throws -> UInt64 {
        guard let content else {
            try await exporter.export(record, content: nil)
            return 0
        }
        let counted = CountingReader(content)
        do {
            try await exporter.export(record, content: counted)
        } catch {
            await content.close()
            throw error
        }
        await content.close()
        return counted.count
    }

    mutating func fail(_ path: BytePath, _ kind: JobEntry.Kind, _ reason: String) {
        let shown = path.relative(to: base) ?? path
        failures.append(shown, reason)
        report(.entry(JobEntry(path: shown, kind: kind, outcome: .failed(reason: reason))))
    }

    /// A record that the exporter had accepted and then could not keep its word about.
    mutating func fail(_ failure: ExportFailure) {
        failures.append(failure.path, failure.reason)
        report(.entry(JobEntry(path: failure.path, kind: .unknown, outcome: .failed(reason: failure.reason))))
    }

    private mutating func count(_ kind: JobEntry.Kind, bytes: UInt64) {
        counts.bytes += bytes
        switch kind {
        case .file: counts.files += 1
        case .directory: counts.directories += 1
        default: counts.others += 1
        }
    }
}

/// What a connector says is missing, whenever it says so.
final class Gaps: Sendable {
    private let texts = Mutex<[String]>([])

    var list: [String] { texts.withLock { $0 } }

    func append(_ text: String) { texts.withLock { $0.append(text) } }
}

/// Counts the bytes on their way.
private final class CountingReader: ContentReader {
    private let reader: any ContentReader
    private let read = Mutex<UInt64>(0)

    init(_ reader: any ContentReader) { self.reader = reader }

    var count: UInt64 { read.withLock { $0 } }

    func next() async throws -> [UInt8]? {
        let bytes = try await reader.next()
        read.withLock { $0 += UInt64(bytes?.count ?? 0) }
        return bytes
    }

    func close() async {}
}

/// A directory of a snapshot as if it were the root.
struct SubTree: SnapshotTree {
    let snapshot: Snapshot
    let base: BytePath
    var selection: Selection?

    func content(at path: BytePath, limit: Int) async throws -> [UInt8]? {
        try await snapshot.content(at: path.joined(to: base), limit: limit)
    }

    func names(in directory: BytePath) async throws -> [[UInt8]] {
        let whole = directory.joined(to: base)
        let names = try await snapshot.names(in: whole)
        guard let selection else { return names }
        return names.filter { name in whole.appending(name).map(selection.shows) ?? false }
    }
}
