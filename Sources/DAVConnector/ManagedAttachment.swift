import ConnectorKit
import ContentLines
import DAVClient

/// A file that a server keeps beside an event (RFC 8607): the event has only its address, which is worth nothing once
/// the server is gone.
package struct ManagedAttachment: Codable, Hashable, Sendable {
    /// Stands for one content: another one gets another identifier.
    package var id: String
    package var url: String
    package var name: String?
    package var type: String?

    /// - Returns: nil for an attachment that is inline or that its server does not manage.
    init?(_ line: ContentLine) {
        guard line.isNamed("ATTACH"), let id = line.parameterValue("MANAGED-ID"), !id.isEmpty else { return nil }
        self.id = id
        url = line.rawText
        name = line.parameterValue("FILENAME")
        type = line.parameterValue("FMTTYPE")
    }
}

/// The file `.attachments.json` beside the attachments.
struct AttachmentsSidecar: Codable, Hashable, Sendable {
    static let fileName = ".attachments.json"

    struct File: Codable, Hashable, Sendable {
        /// Of the file beside this one.
        var file: String
        var attachment: ManagedAttachment
        /// Bytes.
        var size: Int
    }

    var format = "fasti-dav-attachments"
    var version = 1
    /// Sorted bytewise by file.
    var files: [File]
}

/// Backs up what the events of an account have attached, each content once.
struct AttachmentReader {
    static let folder = BytePath("/attachments")

    let client: DAVClient
    let context: ConnectorContext
    let isUnread: (UnreadObject) -> Void

    func read(_ attachments: [ManagedAttachment], _ emit: @Sendable (Record) async throws -> Void) async throws {
        guard !attachments.isEmpty, !context.excludes(Self.folder, true) else { return }
        try await emit(.directory(Self.folder))
        let known = await previous()
        var files: [AttachmentsSidecar.File] = []
        for (name, attachment) in named(attachments) {
            guard let path = Self.folder.appending(name), !context.excludes(path, false) else { continue }
            if let tree = context.previous, var file = known[name], file.attachment.id == attachment.id {
                file.attachment = attachment
                isUnread(
                    UnreadObject(path: path, href: attachment.url, collection: client.base, previous: tree))
                files.append(file)
                try await emit(Record(path: path, info: Self.info(file), content: .onDemand))
                continue
            }
            do {
                let bytes = try await bytes(attachment)
                let file = AttachmentsSidecar.File(file: name, attachment: attachment, size: bytes.count)
                files.append(file)
                try await emit(Record(path: path, info: Self.info(file), content: .inline(bytes)))
            } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
                try await emit(.failed(path, error: error.description))
            }
        }
        try await emitSidecar(AttachmentsSidecar(files: files), emit)
    }

    private func bytes(_ attachment: ManagedAttachment) async throws -> [UInt8] {
        guard let url = client.base.resolving(attachment.url), client.allows(url) else {
            throw DAVClientError(
                .redirect, "The attachment \(attachment.url) is on another host.",
                advice: "If it belongs to the same provider, name its host in trusted_hosts.")
        }
        return try await client.get(url).bytes
    }

    /// A name that depends on the identifier only, and never looks like that of a calendar object.
    private func named(_ attachments: [ManagedAttachment]) -> [(name: String, attachment: ManagedAttachment)] {
        var byName: [String: ManagedAttachment] = [:]
        for attachment in attachments {
            let segment = PercentEncoding.encode(segment: attachment.id.utf8)
            byName[MemberName.name(forSegment: segment, ending: "data")] = attachment
        }
        return byName.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, $0.value) }
    }

    private func previous() async -> [String: AttachmentsSidecar.File] {
        guard let tree = context.previous, let path = Self.folder.appending(AttachmentsSidecar.fileName),
            let bytes = try? await tree.content(at: path, limit: sidecarLimit),
            let sidecar = SidecarCoding.decode(AttachmentsSidecar.self, bytes),
            let names = try? await tree.names(in: Self.folder)
        else { return [:] }
        let present = Set(names.map { String(decoding: $0, as: UTF8.self) })
        return Dictionary(
            sidecar.files.filter { present.contains($0.file) }.map { ($0.file, $0) },
            uniquingKeysWith: { first, _ in first })
    }

    private static func info(_ file: AttachmentsSidecar.File) -> FileInfo {
        FileInfo(
            name: Array(file.file.utf8), size: Int64(file.size), mode: .regular(permissions: 0o600),
            modificationTime: .epoch, inode: CollectionReader.number(Array(file.attachment.id.utf8)))
    }

    private func emitSidecar(
        _ sidecar: AttachmentsSidecar, _ emit: @Sendable (Record) async throws -> Void
    ) async throws {
        guard let path = Self.folder.appending(AttachmentsSidecar.fileName) else { return }
        let bytes = try SidecarCoding.encode(sidecar)
        let info = FileInfo(
            name: path.name, size: Int64(bytes.count), mode: .regular(permissions: 0o600), modificationTime: .epoch,
            inode: CollectionReader.number(bytes))
        try await emit(Record(path: path, info: info, content: .inline(bytes)))
    }
}
