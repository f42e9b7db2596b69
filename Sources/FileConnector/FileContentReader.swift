internal import ConnectorKit

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Reads an open file from the beginning, in pieces of up to 1 MiB.
///
/// A file that grows meanwhile is read to the size that it had at first: a log that is written faster than it is read
/// must not hold a backup for ever.
actor FileContentReader: ContentReader {
    private let path: BytePath
    private var file: Descriptor?
    private var remaining: Int64
    private let pieceSize: Int64
    /// The file as it was opened.
    private let before: stat
    private let report: @Sendable (ConnectorEvent) -> Void

    /// - Parameters:
    ///   - status: the file as it was opened.
    ///   - report: is told when the file changes while it is read.
    init(
        _ file: Descriptor, path: BytePath, _ status: stat, report: @escaping @Sendable (ConnectorEvent) -> Void
    ) {
        self.file = file
        self.path = path
        self.report = report
        before = status
        let size = Int64(status.st_size)
        // Some files, as in /proc, do not tell their size; most of those without one are just empty.
        remaining = size > 0 ? size : 64 << 20
        pieceSize = size > 0 ? 1 << 20 : 1 << 12
    }

    func next() throws -> [UInt8]? {
        guard let file, remaining > 0 else { return nil }
        try Task.checkCancellation()
        do throws(SystemError) {
            let bytes = try file.read(Int(min(remaining, pieceSize)))
            remaining -= Int64(bytes.count)
            if remaining == 0 || bytes.isEmpty { try compare(file, isCutOff: bytes.isEmpty) }
            return bytes.isEmpty ? nil : bytes
        } catch {
            throw error.at(path)
        }
    }

    /// What was read is perhaps nothing that the file ever was.
    private func compare(_ file: Descriptor, isCutOff: Bool) throws(SystemError) {
        guard before.st_size > 0 else { return }
        if isCutOff {
            report(.incomplete("\(path) became shorter while it was read."))
        } else if !(try file.status()).isUnchanged(since: before) {
            report(.warning("\(path) changed while it was read."))
        }
    }

    func close() { file = nil }
}

extension stat {
    /// Whether size and time of modification are the same.
    fileprivate func isUnchanged(since earlier: stat) -> Bool {
        #if canImport(Darwin)
            let (a, b) = (st_mtimespec, earlier.st_mtimespec)
        #else
            let (a, b) = (st_mtim, earlier.st_mtim)
        #endif
        return st_size == earlier.st_size && a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec
    }
}
