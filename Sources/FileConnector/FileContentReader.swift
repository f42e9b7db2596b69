internal import ConnectorKit

/// Reads an open file from the beginning, in pieces of up to 1 MiB.
///
/// A file that grows meanwhile is read to the size that it had at first: a log that is written faster than it is read
/// must not hold a backup for ever.
actor FileContentReader: ContentReader {
    private let path: BytePath
    private var file: Descriptor?
    private var remaining: Int64
    private let pieceSize: Int64

    /// - Parameter size: the size of the file as it was opened.
    init(_ file: Descriptor, path: BytePath, size: Int64) {
        self.file = file
        self.path = path
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
            return bytes.isEmpty ? nil : bytes
        } catch {
            throw error.at(path)
        }
    }

    func close() { file = nil }
}
