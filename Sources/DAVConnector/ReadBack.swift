import DAVClient
import WebDAV

/// Reads objects to compare them with what is in the snapshot. Unlike a backup it does not mind line ends, so that one
/// request serves a whole batch.
struct ReadBack: Sendable {
    private let client: DAVClient
    private let collection: DAVURL
    private let kind: DAVCollectionKind

    init(_ client: DAVClient, collection: DAVURL, kind: DAVCollectionKind) {
        self.client = client
        self.collection = collection
        self.kind = kind
    }

    struct Content: Sendable {
        let bytes: [UInt8]
        /// Of these bytes.
        let etag: String?
    }

    typealias Answer = (member: Member, outcome: Result<Content, DAVClientError>)

    private static let batchSize = 100

    func read(_ members: [Member]) async throws -> [Answer] {
        var answers: [Answer] = []
        var rest = members[...]
        while !rest.isEmpty {
            answers += try await readBatch(Array(rest.prefix(Self.batchSize)))
            rest = rest.dropFirst(Self.batchSize)
        }
        return answers
    }

    private func readBatch(_ members: [Member]) async throws -> [Answer] {
        var found: [[UInt8]: Content] = [:]
        do {
            let answer = try await client.members(of: collection, kind: kind, hrefs: members.map(\.href))
            for member in answer.members {
                guard let data = member.properties.data, !data.isEmpty, !LineEnds.hasReplacements(data) else {
                    continue
                }
                found[member.url.resourceKey] = Content(bytes: data, etag: member.properties.etag)
            }
        } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
            // One by one, then.
        }
        var answers: [Answer] = []
        for member in members {
            if let content = found[member.url.resourceKey] {
                answers.append((member, .success(content)))
            } else {
                answers.append((member, try await alone(member)))
            }
        }
        return answers
    }

    private func alone(_ member: Member) async throws -> Result<Content, DAVClientError> {
        do {
            return .success(try await client.object(member.url))
        } catch let error as DAVClientError {
            if ObjectFetcher.isFatal(error) { throw error }
            return .failure(error)
        }
    }
}

extension DAVClient {
    /// One calendar object or contact with GET.
    ///
    /// - Throws: also for a web page in its place.
    func object(_ url: DAVURL) async throws -> ReadBack.Content {
        let object = try await get(url)
        guard object.bytes.drop(while: { $0 == 0x0A || $0 == 0x0D || $0 >= 0xBB }).starts(with: "BEGIN:".utf8) else {
            throw DAVClientError(
                .protocolViolation, "GET \(url): something else came back in place of the object.")
        }
        return ReadBack.Content(bytes: object.bytes, etag: object.etag)
    }
}
