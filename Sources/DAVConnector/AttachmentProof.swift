import ContentLines
import Crypto
import DAVClient
import FoundationEssentials

/// Looks whether a server gives back the attachments of an object byte for byte. Their names prove nothing: a server that
/// cuts a file, or keeps an empty one, names it all the same.
struct AttachmentProof: Sendable {
    /// Stands for a content, so that no two have to be held at once.
    struct Content: Hashable, Sendable {
        let digest: [UInt8]
        let size: Int

        init(_ bytes: [UInt8]) {
            digest = Array(SHA256.hash(data: bytes))
            size = bytes.count
        }
    }

    enum Verdict: Sendable {
        case same
        /// Another content is there under its name, in the file with this identifier.
        case differs(ManagedAttachment, size: Int)
        /// The server names it, at a host that does not get the password.
        case elsewhere(host: String)
        case unknown(String)
    }

    let client: DAVClient

    // MARK: Beside the object

    /// - Parameters:
    ///   - files: those that the object names; what it does not name is lost already.
    ///   - stored: the object as the server has it.
    /// - Returns: a verdict for each file, in their order.
    func verdicts(
        _ files: [(file: AttachmentReturn.File, content: Content)], in stored: [UInt8], at url: DAVURL
    ) async throws -> [Verdict] {
        var there: [ManagedAttachment] = []
        for attachment in ObjectSummary(stored, kind: .calendar).attachments
        where !there.contains(where: { $0.id == attachment.id }) {
            there.append(attachment)
        }
        var contents: [String: Result<Content, DAVClientError>] = [:]
        for attachment in there { contents[attachment.id] = try await content(attachment, at: url) }
        var verdicts = [Verdict?](repeating: nil, count: files.count)
        // Two files of one name may lie there in another order.
        for (index, file) in files.enumerated() {
            let same = there.firstIndex { attachment in
                guard case .success(let content)? = contents[attachment.id] else { return false }
                return content == file.content
            }
            guard let same else { continue }
            there.remove(at: same)
            verdicts[index] = .same
        }
        return zip(files, verdicts).map { file, verdict in
            if let verdict { return verdict }
            guard let place = AttachmentReturn.place(of: file.file, in: there) else {
                return .unknown("The server names another file in its place.")
            }
            let attachment = there.remove(at: place)
            if let place = url.resolving(attachment.url), !client.allows(place) { return .elsewhere(host: place.host) }
            switch contents[attachment.id] {
            case .success(let content)?: return .differs(attachment, size: content.size)
            case .failure(let error)?: return .unknown("The server names it, but does not give it back: \(error)")
            case nil: return .unknown("The server names it, but does not give it back.")
            }
        }
    }

    private func content(
        _ attachment: ManagedAttachment, at url: DAVURL
    ) async throws -> Result<Content, DAVClientError> {
        guard let place = url.resolving(attachment.url), client.allows(place) else {
            return .failure(DAVClientError(.redirect, "its address is on another host."))
        }
        do {
            return .success(Content(try await client.get(place).bytes))
        } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
            return .failure(error)
        }
    }

    // MARK: Inside the object

    /// How many of the files inside an object the server has not kept, wherever it has put them.
    func lost(from sent: [UInt8], at url: DAVURL) async throws -> Int {
        let wanted = Self.inlined(sent)
        guard !wanted.isEmpty else { return 0 }
        let stored = try await client.object(url).bytes
        var there = Self.inlined(stored)
        if !wanted.isEmpty, there.count < wanted.count {
            var seen: Set<String> = []
            for attachment in ObjectSummary(stored, kind: .calendar).attachments
            where seen.insert(attachment.id).inserted {
                if case .success(let content) = try await content(attachment, at: url) { there.append(content) }
            }
        }
        return wanted.count { content in
            guard let place = there.firstIndex(of: content) else { return true }
            there.remove(at: place)
            return false
        }
    }

    /// The contents of attachments that are part of an object (RFC 5545, section 3.8.1.1).
    static func inlined(_ object: [UInt8]) -> [Content] {
        guard let document = try? ContentDocument(object) else { return [] }
        return document.compactMap { line in
            guard line.isNamed("ATTACH"), line.parameterValue("ENCODING")?.uppercased() == "BASE64" else { return nil }
            return Data(base64Encoded: Data(line.value), options: .ignoreUnknownCharacters).map { Content(Array($0)) }
        }
    }
}
