internal import ConnectorKit

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Counts what a first backup will come upon, beside it and much faster: only names are read. So whoever watches learns
/// how long it will take.
struct EntryCount: Sendable {
    let root: SourceRoot
    let staysOnDevice: Bool
    let context: ConnectorContext

    /// Reports the number, unless the task is cancelled before. What cannot be read is the business of the backup.
    func run() async {
        guard let device = try? root.status().st_dev else { return }
        var count = FileWalk.recordsBefore(root.path)
        var pending = [root.path]
        while let path = pending.popLast() {
            guard !Task.isCancelled else { return }
            guard let directory = try? root.open(path, SourceRoot.directoryFlags) else { continue }
            if staysOnDevice, let status = try? directory.status(), status.st_dev != device { continue }
            guard let contents = try? directory.contents() else { continue }
            count += contents.count
            for name in contents.subdirectories {
                guard let child = path.appending(name) else { continue }
                if context.excludes(child, true) { count -= 1 } else { pending.append(child) }
            }
            // Others want to work too.
            await Task.yield()
        }
        context.report(.expected(records: count))
    }
}
