import ConnectorKit
import ContentLines
import DAVClient
import FoundationEssentials

/// What a restore does with the files that the old server kept beside events (RFC 8607). The events have nothing but
/// their addresses there; the bytes are in `/attachments` of the snapshot.
struct AttachmentReturn: Sendable {
    typealias Way = DAVSettings.AttachmentWay

    /// One of the files, for one event.
    struct File: Sendable {
        let path: BytePath
        let attachment: ManagedAttachment
        /// Whether some dates of a series have it and others do not.
        let isPartial: Bool
    }

    let way: Way
    private let tree: any SnapshotTree
    /// By MANAGED-ID.
    private let files: [String: AttachmentsSidecar.File]

    init(_ way: Way, _ tree: any SnapshotTree) async throws {
        self.way = way
        self.tree = tree
        guard let path = AttachmentReader.folder.appending(AttachmentsSidecar.fileName),
            let bytes = try await tree.content(at: path, limit: sidecarLimit),
            let sidecar = SidecarCoding.decode(AttachmentsSidecar.self, bytes)
        else {
            files = [:]
            return
        }
        files = Dictionary(sidecar.files.map { ($0.attachment.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: What an object has

    /// The files of an object that the snapshot holds, each once.
    func files(of summary: ObjectSummary, _ bytes: [UInt8]) -> [File] {
        guard !summary.attachments.isEmpty else { return [] }
        let partial = Self.partial(bytes)
        var seen: Set<String> = []
        return summary.attachments.compactMap { attachment in
            guard seen.insert(attachment.id).inserted, let file = files[attachment.id],
                let path = AttachmentReader.folder.appending(file.file)
            else { return nil }
            return File(path: path, attachment: attachment, isPartial: partial.contains(attachment.id))
        }
    }

    /// Bytes of all of them together.
    func size(_ files: [File]) -> Int { files.reduce(0) { $0 + (self.files[$1.attachment.id]?.size ?? 0) } }

    /// - Throws: when the snapshot lacks it.
    func bytes(_ file: File, limit: Int) async throws -> [UInt8] {
        guard let bytes = try await tree.content(at: file.path, limit: limit) else {
            throw ConnectorError(.notFound, "The snapshot lists \(file.path) and does not have it.")
        }
        return bytes
    }

    /// Identifiers of attachments that not every component of the object has.
    private static func partial(_ bytes: [UInt8]) -> Set<String> {
        guard let document = try? ContentDocument(bytes) else { return [] }
        var depth = 0
        var components = 0
        var owners: [String: Set<Int>] = [:]
        for line in document {
            if line.isNamed("BEGIN") {
                depth += 1
                if depth == 2, !ASCII.equalsIgnoringCase(line.value, "VTIMEZONE") { components += 1 }
            } else if line.isNamed("END") {
                depth -= 1
            } else if depth == 2, let attachment = ManagedAttachment(line) {
                owners[attachment.id, default: []].insert(components)
            }
        }
        return Set(owners.filter { $0.value.count < components }.keys)
    }

    // MARK: Inside the event

    /// The largest files that go into an event, bytes; what is larger would make the event a burden to every program.
    static let inlineLimit = 10 << 20

    /// The object with the files in it (RFC 5545, section 3.8.1.1) in place of their addresses.
    ///
    /// - Throws: when the snapshot lacks one.
    func inlined(_ object: [UInt8], _ files: [File]) async throws -> [UInt8] {
        var contents: [String: [UInt8]] = [:]
        for file in files { contents[file.attachment.id] = try await bytes(file, limit: Self.inlineLimit) }
        return ManagedAttachment.rewritten(object) { line, attachment in
            guard let content = contents[attachment.id] else { return .kept }
            var parameters = line.parameters.filter { !["MANAGED-ID", "SIZE", "VALUE", "ENCODING"].contains($0.name) }
                .map { (name: $0.name, values: $0.values.map { String($0) }) }
            parameters += [("ENCODING", ["BASE64"]), ("VALUE", ["BINARY"])]
            var writer = ContentLineWriter()
            writer.write("ATTACH", parameters, value: Data(content).base64EncodedString().utf8)
            return .replaced(writer.bytes)
        }
    }

    // MARK: Beside the event

    /// Files that a stored object lacks: those with neither their own identifier nor their name in it.
    static func missing(_ files: [File], in stored: [UInt8]) -> [File] {
        var there = ObjectSummary(stored, kind: .calendar).attachments
        return files.filter { file in
            guard let place = place(of: file, in: there) else { return true }
            // Each date of a series names it once more.
            let found = there[place].id
            there.removeAll { $0.id == found }
            return false
        }
    }

    static func place(of file: File, in there: [ManagedAttachment]) -> Int? {
        there.firstIndex { $0.id == file.attachment.id }
            ?? there.firstIndex { $0.name != nil && $0.name == file.attachment.name }
            ?? (file.attachment.name == nil ? there.firstIndex { $0.type == file.attachment.type } : nil)
    }

    /// The object with each file where the original has it, by the names that the server has given them
    /// (RFC 8607, section 3.7): a server adds a file to all dates of a series.
    ///
    /// - Parameters:
    ///   - original: with the names of the old server.
    ///   - stored: as the server has it now, with all files in it.
    static func placed(_ files: [File], of original: [UInt8], as stored: [UInt8]) -> [UInt8] {
        guard let document = try? ContentDocument(stored) else { return original }
        var lines: [String: [UInt8]] = [:]
        let there = document.compactMap { line in ManagedAttachment(line).map { ($0, line) } }
        var taken: Set<String> = []
        for file in files {
            let free = there.filter { !taken.contains($0.0.id) }
            guard let place = place(of: file, in: free.map(\.0)) else { continue }
            taken.insert(free[place].0.id)
            var writer = ContentLineWriter()
            writer.copy(free[place].1)
            lines[file.attachment.id] = writer.bytes
        }
        return ManagedAttachment.rewritten(original) { _, attachment in
            lines[attachment.id].map { .replaced($0) } ?? .kept
        }
    }
}

extension ManagedAttachment {
    enum Rewriting {
        case kept
        case dropped
        /// By these lines.
        case replaced([UInt8])
    }

    /// An object with its managed attachments written in another way; every other line keeps its bytes.
    static func rewritten(
        _ bytes: [UInt8], _ change: (ContentLine, ManagedAttachment) -> Rewriting
    ) -> [UInt8] {
        guard let document = try? ContentDocument(bytes) else { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var copied = 0
        for line in document {
            guard line.isWellFormed, let attachment = ManagedAttachment(line) else { continue }
            switch change(line, attachment) {
            case .kept: continue
            case .dropped: result += bytes[copied..<line.extent.lowerBound]
            case .replaced(let lines):
                result += bytes[copied..<line.extent.lowerBound]
                let hasCarriageReturns = bytes[line.extent].contains(UInt8(ascii: "\r"))
                result += hasCarriageReturns ? lines : lines.filter { $0 != UInt8(ascii: "\r") }
            }
            copied = line.extent.upperBound
        }
        return result + bytes[copied...]
    }

    /// An object without any managed attachment: what is left is the same on every server.
    static func removed(from bytes: [UInt8]) -> [UInt8] { rewritten(bytes) { _, _ in .dropped } }

    /// An object without any attachment at all, for comparisons with one whose files have become part of it.
    static func allRemoved(from bytes: [UInt8]) -> [UInt8] {
        guard let document = try? ContentDocument(bytes) else { return bytes }
        var result: [UInt8] = []
        var copied = 0
        for line in document where line.isNamed("ATTACH") {
            result += bytes[copied..<line.extent.lowerBound]
            copied = line.extent.upperBound
        }
        return result + bytes[copied...]
    }
}
