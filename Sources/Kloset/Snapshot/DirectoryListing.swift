import ConnectorKit
import KlosetFormat

/// The stored listing of a directory, one child after the other (format, section 9.6).
struct DirectoryListing: Sendable {
    struct Child {
        let entry: Entry
        /// What the listing says the identifier of the entry is.
        let identifier: MAC
        let isDirectory: Bool
    }

    let directory: BytePath
    private let content: ObjectReader
    private var frames = DirpackReader()
    private var lastName: [UInt8]?

    init(directory: BytePath, content: ObjectReader) {
        self.directory = directory
        self.content = content
    }

    /// The next child in bytewise order.
    ///
    /// - Throws: ``KlosetError/Code/corrupt`` for a frame that does not belong here.
    mutating func next() async throws -> Child? {
        guard let frame = try await nextFrame() else { return nil }
        let child = try child(frame)
        if let lastName, !lastName.lexicographicallyPrecedes(child.entry.name) {
            throw KlosetError(
                .corrupt, "the listing of \(directory) is not in order at \(child.entry.path)")
        }
        lastName = child.entry.name
        return child
    }

    /// The next frame as it is, for those who know what must be in it.
    mutating func nextFrame() async throws -> DirpackFrame? {
        while true {
            do {
                if let frame = try frames.next() { return frame }
                guard let piece = try await content.next() else {
                    try frames.finish()
                    return nil
                }
                frames.append(piece)
            } catch let error as FormatError {
                throw KlosetError(error, in: "the listing of \(directory)")
            }
        }
    }

    /// What a frame says.
    func child(_ frame: DirpackFrame) throws(KlosetError) -> Child {
        let entry: Entry
        do {
            entry = try Entry(decoding: frame.entry)
        } catch {
            throw KlosetError(error, in: "the listing of \(directory)")
        }
        guard entry.parentPath == directory, !entry.isRoot, entry.isDirectory == frame.isDirectory else {
            throw KlosetError(.corrupt, "the listing of \(directory) holds an entry that is not its own, \(entry.path)")
        }
        return Child(entry: entry, identifier: frame.identifier, isDirectory: frame.isDirectory)
    }
}
