package import ConnectorKit
package import DAVClient

/// Placeholder until the restore is in place.
package actor DAVExporter: Exporter {
    package nonisolated let identity: ConnectorIdentity
    private let session: AccountSession

    package init(_ settings: DAVSettings, transport: any DAVTransport) throws {
        session = try AccountSession(settings, transport: transport)
        identity = settings.identity
    }

    package func ping() async throws -> String {
        try await connecting { try await session.summary(counting: true) }
    }

    package func begin(_ tree: any SnapshotTree, _ context: ConnectorContext) async throws {
        throw ConnectorError(.unsupported, "Restoring to a DAV server is not built yet.")
    }

    package func export(_ record: Record, content: (any ContentReader)?) async throws {}

    package func finish() async throws -> [ExportFailure] { [] }

    package func close() async { await session.client.shutdown() }
}
