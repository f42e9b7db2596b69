import ConnectorKit
import Synchronization

/// A source in memory that does what a test tells it.
final class FakeImporter: Importer {
    struct File: Sendable {
        var content: [UInt8] = []
        /// Why it cannot be listed.
        var listingError: String?
        /// Why it cannot be read although it was listed.
        var readingError: String?

        init(_ text: String = "", listingError: String? = nil, readingError: String? = nil) {
            content = Array(text.utf8)
            self.listingError = listingError
            self.readingError = readingError
        }
    }

    let identity: ConnectorIdentity
    let files: [BytePath: File]
    /// Said while the source is walked.
    let events: [ConnectorEvent]
    /// Thrown after the last record.
    let breakdown: ConnectorError?
    private let opened = Mutex<[BytePath]>([])

    init(
        _ files: [BytePath: File], origin: String = "here", root: BytePath = .root, events: [ConnectorEvent] = [],
        breakdown: ConnectorError? = nil
    ) {
        identity = ConnectorIdentity(type: "fake", origin: origin, root: root)
        self.files = files
        self.events = events
        self.breakdown = breakdown
    }

    /// The paths whose contents were asked for.
    var openedPaths: [BytePath] { opened.withLock { $0.sorted() } }

    func ping() -> String { "a fake" }

    func importRecords(_ context: ConnectorContext, emit: @Sendable (Record) async throws -> Void) async throws {
        for event in events { context.report(event) }
        for (path, file) in files.sorted(by: { $0.key < $1.key }) {
            if let error = file.listingError {
                try await emit(.failed(path, error: error))
            } else {
                try await emit(Record(path: path, info: info(path, file), content: .onDemand))
            }
        }
        if let breakdown { throw breakdown }
    }

    private func info(_ path: BytePath, _ file: File) -> FileInfo {
        // The time stands for the content, as in a source that keeps times well.
        let time = file.content.reduce(Int64(1)) { ($0 &* 31 &+ Int64($1)) & 0x3FFF_FFFF }
        return FileInfo(
            name: path.name, size: Int64(file.content.count), mode: .regular(permissions: 0o644),
            modificationTime: Timestamp(seconds: time))
    }

    func open(_ record: Record) async throws -> any ContentReader {
        opened.withLock { $0.append(record.path) }
        guard let file = files[record.path] else { throw ConnectorError(.notFound, "No \(record.path).") }
        if let error = file.readingError { throw ConnectorError(.inputOutput, error) }
        return InlineContentReader(file.content)
    }

    func close() async {}
}

/// A source that says that nothing has changed.
final class KnowingImporter: ComparingImporter {
    private let importer: FakeImporter
    private let walked = Mutex(false)

    init(_ importer: FakeImporter) { self.importer = importer }

    var wasWalked: Bool { walked.withLock { $0 } }
    var identity: ConnectorIdentity { importer.identity }

    func ping() -> String { importer.ping() }

    func isAsBefore(_ context: ConnectorContext) -> Bool { true }

    func importRecords(_ context: ConnectorContext, emit: @Sendable (Record) async throws -> Void) async throws {
        walked.withLock { $0 = true }
        try await importer.importRecords(context, emit: emit)
    }

    func open(_ record: Record) async throws -> any ContentReader { try await importer.open(record) }

    func close() async {}
}
