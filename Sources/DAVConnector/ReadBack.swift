import DAVClient
import XMLStream

/// Reads objects to compare them with what was sent. Unlike a backup it does not mind line ends, so that one request
/// serves a whole batch.
struct ReadBack: Sendable {
    private let client: DAVClient
    private let collection: DAVURL
    private let kind: DAVCollectionKind

    init(_ client: DAVClient, collection: DAVURL, kind: DAVCollectionKind) {
        self.client = client
        self.collection = collection
        self.kind = kind
    }

    typealias Answer = (member: Member, outcome: Result<[UInt8], DAVClientError>)

    func read(_ members: [Member], concurrency: Int) async throws -> [Answer] {
        var found: [[UInt8]: [UInt8]] = [:]
        do {
            let answer = try await client.multiget(collection, kind: kind, hrefs: members.map(\.href))
            for resource in answer.resources {
                guard let text = resource[kind.dataProperty]?.text, !text.isEmpty,
                    !text.unicodeScalars.contains("\u{FFFD}")
                else { continue }
                found[resource.url.resourceKey] = Array(text.utf8)
            }
        } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
            // One by one, then.
        }
        var answers: [Answer] = []
        for member in members {
            if let bytes = found[member.url.resourceKey] {
                answers.append((member, .success(bytes)))
            } else {
                answers.append((member, try await alone(member)))
            }
        }
        return answers
    }

    private func alone(_ member: Member) async throws -> Result<[UInt8], DAVClientError> {
        do {
            return .success(try await client.get(member.url).bytes)
        } catch let error as DAVClientError {
            if ObjectFetcher.isFatal(error) { throw error }
            return .failure(error)
        }
    }
}
