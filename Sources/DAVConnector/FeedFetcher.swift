import Crypto
import DAVClient
import FoundationEssentials
import HTTPTypes
import Synchronization

/// Fetches what subscriptions point to.
///
/// A feed may lie anywhere, and its address comes from the server of the account. So it is asked without credentials;
/// only where it lies on that very server and wants a login, it gets the account's. It does not lead to this machine,
/// unless the account itself is here.
final class FeedFetcher: Sendable {
    enum Answer: Sendable {
        /// As it was in the last snapshot.
        case unchanged
        case feed(Feed)
    }

    struct Feed: Sendable {
        var bytes: [UInt8]
        var etag: String?
        var lastModified: String?
        var digest: String
    }

    /// Bytes of the largest feed; public holidays of the whole world have 5 MiB.
    static let sizeLimit = 64 << 20
    /// From the first request to the last byte, with redirects and further tries.
    static let timeLimit = Duration.seconds(300)

    private let account: DAVClient
    private let transport: any DAVTransport
    /// Answers that were asked for to see whether anything has moved, until somebody takes them.
    private let answers = Mutex<[String: Result<Answer, DAVClientError>]>([:])

    init(_ account: DAVClient, _ transport: any DAVTransport) {
        self.account = account
        self.transport = transport
    }

    /// Looks whether a feed is as it was. What comes is kept for ``fetch(_:known:)``.
    func isUnchanged(_ source: String, known: FeedSidecar) async throws -> Bool {
        let answer: Result<Answer, DAVClientError>
        do {
            answer = .success(try await ask(source, known))
        } catch let error as DAVClientError {
            answer = .failure(error)
        }
        if case .success(.unchanged) = answer { return true }
        answers.withLock { $0[source] = answer }
        return false
    }

    /// - Parameter known: what the last snapshot has of it; nil to fetch it in any case.
    /// - Throws: `DAVClientError` when it cannot be had, or is no whole calendar.
    func fetch(_ source: String, known: FeedSidecar?) async throws -> Answer {
        if let answer = answers.withLock({ $0.removeValue(forKey: source) }) { return try answer.get() }
        return try await ask(source, known)
    }

    private func ask(_ source: String, _ known: FeedSidecar?) async throws -> Answer {
        let url = try FeedAddress.url(source, base: account.base)
        let isHere = account.base.isOfThisMachine
        guard isHere || !url.isOfThisMachine else {
            throw DAVClientError(.redirect, "its address means this machine, \(url.host), and is not asked.")
        }
        let known = known.flatMap { $0.source == source ? $0 : nil }
        var headers: HTTPFields = [.accept: "text/calendar, */*;q=0.1"]
        if let etag = known?.etag { headers[.ifNoneMatch] = etag }
        if let time = known?.lastModified { headers[.ifModifiedSince] = time }
        var options = account.options
        options.retry.attempts = min(options.retry.attempts, 3)
        let anonymous = DAVClient(
            publicAt: url, reachesThisMachine: isHere, transport: transport, options: options)
        let answer = try await withinTime(url) { [account, headers] in
            let answer = try await anonymous.send(.get, url, headers: headers, limit: Self.sizeLimit)
            guard answer.status.code == 401, account.hasCredentials, answer.url.hasSameOrigin(as: account.base) else {
                return answer
            }
            return try await account.send(.get, answer.url, headers: headers, limit: Self.sizeLimit)
        }
        return try judge(answer, url, known)
    }

    private func judge(_ answer: DAVClient.Answer, _ url: DAVURL, _ known: FeedSidecar?) throws -> Answer {
        if answer.status.code == 304, known != nil { return .unchanged }
        guard answer.status.code == 200 else {
            let advice =
                answer.status.code == 401 || answer.status.code == 403
                ? "Feeds are asked without the password of the account." : nil
            throw DAVClientError(
                .refused, "\(url.host) answers \(answer.status.code) in place of the feed.", advice: advice,
                status: answer.status)
        }
        let digest = SHA256.hash(data: answer.body).prefix(16).map { PercentEncoding.escape($0).dropFirst() }
            .joined().lowercased()
        if known?.digest == digest { return .unchanged }
        return .feed(
            Feed(
                bytes: answer.body, etag: answer.headers[.eTag], lastModified: answer.headers[.lastModified],
                digest: digest))
    }

    private func withinTime(
        _ url: DAVURL, _ body: @escaping @Sendable () async throws -> DAVClient.Answer
    ) async throws -> DAVClient.Answer {
        try await withThrowingTaskGroup(of: DAVClient.Answer?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: Self.timeLimit)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let answer = first else {
                throw DAVClientError(
                    .unavailable,
                    "\(url.host) did not give the feed within \(Self.timeLimit.components.seconds) seconds.")
            }
            return answer
        }
    }
}
