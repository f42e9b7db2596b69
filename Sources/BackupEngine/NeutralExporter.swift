package import ConnectorKit

/// A destination that gets neither owners nor permissions of the snapshot: everything belongs to whoever restores, files are
/// readable by all and writable by their owner.
package struct NeutralExporter: RehearsingExporter {
    private let exporter: any Exporter
    private let userID: UInt64
    private let groupID: UInt64

    /// - Parameters: the user and the group of this process.
    package init(_ exporter: any Exporter, userID: UInt64, groupID: UInt64) {
        self.exporter = exporter
        self.userID = userID
        self.groupID = groupID
    }

    package var identity: ConnectorIdentity { exporter.identity }

    package func ping() async throws -> String { try await exporter.ping() }

    package func begin(_ tree: any SnapshotTree, _ context: ConnectorContext) async throws {
        try await exporter.begin(tree, context)
    }

    package func export(_ record: Record, content: (any ContentReader)?) async throws {
        var record = record
        if var info = record.info {
            let kind = info.mode.rawValue & ~0o777 & ~special.rawValue
            info.mode = FileMode(rawValue: kind | (info.mode.isDirectory ? 0o755 : 0o644))
            info.userID = userID
            info.groupID = groupID
            info.userName = []
            info.groupName = []
            record.info = info
        }
        try await exporter.export(record, content: content)
    }

    private var special: FileMode { [.setUserID, .setGroupID, .sticky] }

    package func finish() async throws -> [ExportFailure] { try await exporter.finish() }

    package var removesOthers: Bool { (exporter as? any RehearsingExporter)?.removesOthers ?? false }

    package func outlines() async -> [RestoreOutline] { await (exporter as? any RehearsingExporter)?.outlines() ?? [] }

    package func close() async { await exporter.close() }
}
