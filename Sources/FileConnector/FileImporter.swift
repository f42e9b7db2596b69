package import ConnectorKit
internal import Synchronization

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// A folder, or one file, as the source of a backup.
///
/// The path itself may be a symbolic link: what it leads to is recorded under the path given. Links below are
/// recorded as links.
package final class FileImporter: Importer {
    package let identity: ConnectorIdentity
    private let root: SourceRoot
    private let staysOnDevice: Bool
    /// Where what happens to contents is told; known when the walk begins. Not the function by itself: taken out of a
    /// generic container, a function is wrapped once more each time.
    private let context = Mutex(ConnectorContext())

    /// - Throws: when there is nothing to read at the path, or an option makes no sense.
    package init(_ configuration: ConnectorConfiguration) throws(ConnectorError) {
        let path = try FileIntegration.path(configuration)
        try configuration.refuseOptions(besides: ["dont_traverse_fs"], of: "a folder as source")
        staysOnDevice = try configuration.boolean("dont_traverse_fs") ?? false
        do throws(SystemError) {
            root = try SourceRoot(path)
        } catch {
            throw error.at(path)
        }
        identity = ConnectorIdentity(
            type: "fs", origin: FileIntegration.hostName(), root: path, flags: .localFileSystem)
    }

    package func ping() async throws -> String {
        do throws(SystemError) {
            guard root.isDirectory else { return "the file \(identity.root)" }
            return "the folder \(identity.root), \(try root.base.names().count) entries"
        } catch {
            throw error.at(identity.root)
        }
    }

    package func importRecords(
        _ context: ConnectorContext, emit: @Sendable (Record) async throws -> Void
    ) async throws {
        self.context.withLock { $0 = context }
        var walk = FileWalk(root: root, staysOnDevice: staysOnDevice, context: context)
        // A later backup is measured by the one before.
        guard context.previous == nil, root.isDirectory else { return try await walk.run(emit) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            let count = EntryCount(root: root, staysOnDevice: staysOnDevice, context: context)
            group.addTask { await count.run() }
            try await walk.run(emit)
            group.cancelAll()
        }
    }

    package func open(_ record: Record) async throws -> any ContentReader {
        do throws(SystemError) {
            let file = try root.open(record.path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            let status = try file.status()
            // Between the walk and now, the path or a folder on the way may have become something else.
            let isSame = record.info.map { $0.isSameFile(as: status) } ?? true
            if isSame, FileMode(posix: UInt32(status.st_mode)).isRegular {
                return FileContentReader(file, path: record.path, status, report: context.withLock { $0.report })
            }
        } catch {
            throw error.at(record.path)
        }
        throw ConnectorError(.inputOutput, "\(record.path): cannot read it: it was replaced during the backup.")
    }

    package func close() async {}
}
