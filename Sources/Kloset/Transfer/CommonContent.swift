import ConnectorKit
import KlosetFormat

/// What a snapshot that both repositories have says about contents: a file whose object is the same there as in the
/// snapshot that is copied need not be read again.
actor CommonContent {
    private let here: Snapshot
    private let there: Snapshot
    private let sink: BlobSink
    /// Objects of the files of one folder: in the source, and what they are in the destination.
    private var folder: [[UInt8]: (object: MAC, content: StoredContent)] = [:]
    private var loaded: BytePath?
    /// Chunks have to be looked for when packfiles were retired: an object may then live on without them.
    private let checksChunks: Bool

    /// Beyond so many children a folder is not loaded, and its files are read.
    private static let folderLimit = 50_000

    /// - Parameters:
    ///   - here: in the source.
    ///   - there: the same in the destination.
    init(_ here: Snapshot, _ there: Snapshot, _ sink: BlobSink) {
        self.here = here
        self.there = there
        self.sink = sink
        checksChunks = sink.aggregate.hasRetiredPackfiles
    }

    /// The content in the destination; nil when it has to be copied.
    ///
    /// - Parameter object: its identifier in the source.
    func content(at path: BytePath, object: MAC) async throws -> StoredContent? {
        guard let directory = path.parent else { return nil }
        if loaded != directory { try await load(directory) }
        guard loaded == directory, let known = folder[path.name], known.object == object,
            sink.contains(BlobID(.object, known.content.object))
        else { return nil }
        guard checksChunks else { return known.content }
        do {
            let object: Object = try await there.repository.message(.object, known.content.object)
            let isWhole = object.chunks.allSatisfy { sink.contains(BlobID(.chunk, $0.contentMAC)) }
            return isWhole ? known.content : nil
        } catch is KlosetError {
            return nil
        }
    }

    private func load(_ directory: BytePath) async throws {
        var result: [[UInt8]: (object: MAC, content: StoredContent)] = [:]
        do {
            let entries = try await there.children(of: directory)
            if entries.count <= Self.folderLimit {
                let copies = Dictionary(entries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
                for entry in try await here.children(of: directory) where entry.info.mode.isRegular {
                    guard let copy = copies[entry.name], copy.info.mode.isRegular, copy.object != .zero,
                        copy.info.size == entry.info.size, !copy.contentType.isEmpty, copy.chunkCount > 0
                    else { continue }
                    let content = StoredContent(
                        object: copy.object, chunkCount: copy.chunkCount, entropy: copy.entropy,
                        contentType: copy.contentType, size: UInt64(clamping: copy.info.size))
                    result[entry.name] = (entry.object, content)
                }
            }
        } catch is KlosetError {
            // Damage there costs time, nothing else.
            result = [:]
        }
        folder = result
        loaded = directory
    }
}
