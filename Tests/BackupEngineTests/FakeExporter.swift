import ConnectorKit

/// A destination in memory that refuses what a test tells it to refuse.
actor FakeExporter: Exporter {
    nonisolated let identity = ConnectorIdentity(type: "fake", origin: "there", root: .root)
    private let refused: Set<BytePath>
    private let lost: Set<BytePath>
    private(set) var paths: [BytePath] = []
    private(set) var files: [BytePath: String] = [:]
    private(set) var namesAtBegin: [String] = []
    private(set) var isFinished = false

    /// - Parameters:
    ///   - refused: what cannot be exported.
    ///   - lost: what is accepted and then found missing at the end.
    init(refused: Set<BytePath> = [], lost: Set<BytePath> = []) {
        self.refused = refused
        self.lost = lost
    }

    func ping() -> String { "a fake" }

    func begin(_ tree: any SnapshotTree, _ context: ConnectorContext) async throws {
        namesAtBegin = try await tree.names(in: .root).map { String(decoding: $0, as: UTF8.self) }
    }

    func export(_ record: Record, content: (any ContentReader)?) async throws {
        if refused.contains(record.path) { throw ConnectorError(.rejected, "\(record.path) is not wanted.") }
        paths.append(record.path)
        guard let content else { return }
        var bytes: [UInt8] = []
        while let piece = try await content.next() { bytes += piece }
        files[record.path] = String(decoding: bytes, as: UTF8.self)
    }

    func finish() -> [ExportFailure] {
        isFinished = true
        return lost.sorted().map { ExportFailure(path: $0, reason: "It is gone.") }
    }

    func close() async {}
}
