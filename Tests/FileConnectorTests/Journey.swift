import ConnectorKit
import FileConnector
import Synchronization
import Testing

/// What a backup hands over and a restore gets, without a store in between.
enum Journey {
    /// One record with its content.
    struct Item: Sendable {
        var record: Record
        var content: [UInt8]?
    }

    struct Collected: Sendable {
        var items: [Item] = []
        var events: [ConnectorEvent] = []

        var failures: [Item] { items.filter { $0.record.error != nil } }

        subscript(path: BytePath) -> Item? {
            items.first { $0.record.path == path && $0.record.kind == .entry && $0.record.error == nil }
        }
    }

    static func importer(_ path: String, _ options: [String: String] = [:]) throws -> FileImporter {
        try FileImporter(ConnectorConfiguration(location: Location(scheme: "fs", rest: path), options: options))
    }

    static func exporter(_ path: String) throws -> FileExporter {
        try FileExporter(ConnectorConfiguration(location: Location(scheme: "fs", rest: path)))
    }

    /// Everything at `path`; paths as the importer gave them.
    static func collect(_ path: String, _ options: [String: String] = [:]) async throws -> Collected {
        let importer = try importer(path, options)
        let collected = Mutex(Collected())
        let context = ConnectorContext(report: { event in collected.withLock { $0.events.append(event) } })
        try await importer.importRecords(context) { record in
            let content = try await content(of: record, importer)
            collected.withLock { $0.items.append(Item(record: record, content: content)) }
        }
        await importer.close()
        return collected.withLock { $0 }
    }

    private static func content(of record: Record, _ importer: FileImporter) async throws -> [UInt8]? {
        switch record.content {
        case .none: return nil
        case .inline(let bytes): return bytes
        case .onDemand: return try await read(importer.open(record))
        }
    }

    static func read(_ reader: any ContentReader) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await reader.next() {
            #expect(!piece.isEmpty && piece.count <= 1 << 20)
            bytes += piece
        }
        await reader.close()
        return bytes
    }

    /// What lies at or below `root`, with paths relative to it.
    static func below(_ root: String, _ items: [Item]) -> [Item] {
        items.compactMap { item in
            guard let path = item.record.path.relative(to: BytePath(root)) else { return nil }
            var item = item
            item.record.path = path
            return item
        }
    }

    /// Restores; returns what failed, at once or in the end.
    @discardableResult
    static func restore(
        _ items: [Item], to path: String, report: @escaping @Sendable (ConnectorEvent) -> Void = { _ in }
    ) async throws -> [ExportFailure] {
        let exporter = try exporter(path)
        try await exporter.begin(EmptyTree(), ConnectorContext(report: report))
        var failures: [ExportFailure] = []
        for item in items where item.record.error == nil {
            do {
                try await exporter.export(item.record, content: item.content.map { InlineContentReader($0) })
            } catch {
                failures.append(ExportFailure(path: item.record.path, reason: "\(error)"))
            }
        }
        failures += try await exporter.finish()
        await exporter.close()
        return failures
    }

    struct EmptyTree: SnapshotTree {
        func content(at path: BytePath, limit: Int) -> [UInt8]? { nil }
        func names(in directory: BytePath) -> [[UInt8]] { [] }
    }
}
