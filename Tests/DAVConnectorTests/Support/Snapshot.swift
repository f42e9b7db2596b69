import ConnectorKit
import DAVClient
import DAVConnector
import Synchronization

/// What an importer gave, as a tree that the next one or an exporter can look at.
struct Snapshot: SnapshotTree {
    var files: [BytePath: [UInt8]] = [:]
    var infos: [BytePath: FileInfo] = [:]
    var errors: [BytePath: String] = [:]
    /// Paths whose bytes were not sent along, since the previous snapshot has them.
    var unread: Set<BytePath> = []
    var events: [ConnectorEvent] = []

    func content(at path: BytePath, limit: Int) async throws -> [UInt8]? { files[path] }

    func names(in directory: BytePath) async throws -> [[UInt8]] {
        let paths = Set(infos.keys).union(files.keys)
        return Set(paths.compactMap { $0.relative(to: directory)?.components.first })
            .sorted { $0.lexicographicallyPrecedes($1) }
    }

    func text(_ path: String) -> String? { files[BytePath(path)].map { String(decoding: $0, as: UTF8.self) } }

    var paths: [String] { files.keys.sorted().map(\.description) }

    /// What is said to be missing.
    var gaps: [String] { events.compactMap { if case .incomplete(let text) = $0 { text } else { nil } } }

    var notes: [String] { events.compactMap { if case .note(let text) = $0 { text } else { nil } } }

    var warnings: [String] { events.compactMap { if case .warning(let text) = $0 { text } else { nil } } }

    /// Whether the host would call it whole.
    var isComplete: Bool { errors.isEmpty && gaps.isEmpty }

    var objects: [String: [UInt8]] {
        Dictionary(
            uniqueKeysWithValues: files.filter { !$0.key.name.starts(with: ".".utf8) }.map {
                ($0.key.description, $0.value)
            })
    }
}

/// Collects from `@Sendable` closures.
final class Collector<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])
    func add(_ element: Element) { elements.withLock { $0.append(element) } }
    var all: [Element] { elements.withLock { $0 } }
}

/// Noon of a Saturday, so that no test meets midnight.
let noon: Int64 = 1_795_262_400

/// Runs a backup as the host does: bytes that are not sent along are read through `open` only when the description
/// differs from the previous one.
func backUp(
    _ transport: any DAVTransport, previous: Snapshot? = nil, location: String = "dav+http://127.0.0.1/",
    options: [String: String] = [:], concurrency: Int = 2, keepsPartial: Bool = false, days: Int64 = 0
) async throws -> Snapshot {
    var settings = try settings(location, options, .source)
    settings.clientOptions.retry.sleep = { _ in }
    let importer = try DAVImporter(settings, transport: transport, now: { noon + days * 86_400 })
    return try await backUp(importer, previous: previous, concurrency: concurrency, keepsPartial: keepsPartial)
}

func backUp(
    _ importer: any Importer, previous: Snapshot? = nil, concurrency: Int = 2, keepsPartial: Bool = false
) async throws -> Snapshot {
    let records = Collector<Record>()
    let events = Collector<ConnectorEvent>()
    let context = ConnectorContext(previous: previous, concurrency: concurrency, report: { events.add($0) })
    do {
        try await importer.importRecords(context) { records.add($0) }
    } catch let error where keepsPartial {
        events.add(.incomplete("\(error)"))
    }
    var snapshot = Snapshot()
    for record in records.all {
        if let error = record.error {
            snapshot.errors[record.path] = error
            continue
        }
        guard snapshot.infos.updateValue(record.info ?? FileInfo.none, forKey: record.path) == nil else {
            throw ConnectorError(.protocolViolation, "\(record.path) came twice")
        }
        switch record.content {
        case .none: break
        case .inline(let bytes): snapshot.files[record.path] = bytes
        case .onDemand:
            if previous?.infos[record.path] == record.info {
                snapshot.files[record.path] = previous?.files[record.path]
                snapshot.unread.insert(record.path)
            } else {
                snapshot.files[record.path] = try await importer.open(record).next()
            }
        }
    }
    snapshot.events = events.all
    return snapshot
}

extension FileInfo {
    fileprivate static let none = FileInfo(name: [], size: 0, mode: [], modificationTime: .epoch)
}

func settings(
    _ location: String, _ options: [String: String] = [:], _ role: DAVSettings.Role
) throws -> DAVSettings {
    try DAVSettings(ConnectorConfiguration(location: Location(location), options: options), role: role)
}

struct RestoreResult: Sendable {
    var failures: [ExportFailure]
    var events: [ConnectorEvent]
    var outlines: [RestoreOutline] = []

    /// Everything that was said.
    var words: String {
        events.map { event in
            switch event {
            case .note(let text), .warning(let text), .incomplete(let text): text
            case .expected: ""
            }
        }.joined(separator: "\n")
    }
}

/// Runs a restore as the host does.
func restore(
    _ snapshot: Snapshot, to transport: any DAVTransport, location: String = "dav+http://127.0.0.1/",
    options: [String: String] = [:], stateDirectory: String? = nil, isRehearsal: Bool = false, isSelection: Bool = false
) async throws -> RestoreResult {
    let configuration = ConnectorConfiguration(
        location: Location(location), options: options, stateDirectory: stateDirectory)
    var settings = try DAVSettings(configuration, role: .destination)
    settings.clientOptions.retry.sleep = { _ in }
    let exporter = try DAVExporter(settings, transport: transport)
    return try await restore(snapshot, to: exporter, isRehearsal: isRehearsal, isSelection: isSelection)
}

func restore(
    _ snapshot: Snapshot, to exporter: any Exporter, isRehearsal: Bool = false, isSelection: Bool = false,
    concurrency: Int = 3
) async throws -> RestoreResult {
    let events = Collector<ConnectorEvent>()
    var context = ConnectorContext(concurrency: concurrency, report: { events.add($0) })
    context.isRehearsal = isRehearsal
    context.isSelection = isSelection
    try await exporter.begin(snapshot, context)
    var failures: [ExportFailure] = []
    for path in snapshot.files.keys.sorted() {
        let bytes = snapshot.files[path] ?? []
        let info = FileInfo(
            name: path.name, size: Int64(bytes.count), mode: .regular(permissions: 0o600), modificationTime: .epoch)
        do {
            try await exporter.export(Record(path: path, info: info), content: InlineContentReader(bytes))
        } catch let error as ConnectorError {
            failures.append(ExportFailure(path: path, reason: error.reason))
        }
    }
    failures += try await exporter.finish()
    let outlines = await (exporter as? any RehearsingExporter)?.outlines() ?? []
    return RestoreResult(failures: failures, events: events.all, outlines: outlines)
}

/// An event with CRLF line ends.
func event(_ uid: String, _ lines: String...) -> String {
    (["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", "UID:\(uid)", "DTSTAMP:20240102T030405Z"]
        + lines + ["END:VEVENT", "END:VCALENDAR", ""]).joined(separator: "\r\n")
}

func card(_ uid: String, _ lines: String...) -> String {
    (["BEGIN:VCARD", "VERSION:3.0", "UID:\(uid)", "FN:\(uid)"] + lines + ["END:VCARD", ""]).joined(separator: "\r\n")
}
