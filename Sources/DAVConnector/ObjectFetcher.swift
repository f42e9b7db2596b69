package import DAVClient
import Synchronization
import WebDAV

/// Reads many objects with few requests, and says for each what became of it.
///
/// Objects come in batches by multiget. Servers refuse batches, cap them silently, time out on them: what a batch did
/// not bring is asked for in smaller ones, and in the end one by one with GET.
package struct ObjectFetcher: Sendable {
    package enum Outcome: Sendable {
        /// The bytes exactly as the server stores them, and the ETag they had when read.
        case object(Member, bytes: [UInt8], etag: String?)
        /// Listed before, gone now.
        case vanished(Member)
        case failed(Member, DAVClientError)
    }

    /// How many objects to ask for at once: grows until the server shows that it is too many, or takes its time. Each
    /// request costs some servers a look at the whole collection.
    private final class BatchSize: Sendable {
        private static let limit = 800
        /// No longer than this should a batch take, so that a slow server is never near a timeout.
        private static let patience = Duration.seconds(4)
        private let state: Mutex<(size: Int, isLimited: Bool)>
        init(_ size: Int) { state = Mutex((size, false)) }
        var current: Int { state.withLock { $0.size } }
        func shrink(to size: Int) { state.withLock { $0 = (max(1, min($0.size, size)), true) } }

        /// - Parameters:
        ///   - count: objects that came in one batch.
        ///   - duration: until they were there.
        func grow(after count: Int, in duration: Duration) {
            state.withLock { state in
                guard !state.isLimited else { return }
                if duration > Self.patience {
                    state.size = max(1, min(state.size, count / 2))
                } else if duration * 2 <= Self.patience, count >= state.size {
                    state.size = min(state.size * 2, Self.limit)
                }
            }
        }
    }

    /// Failures since the last object that came.
    private final class Misfortune: Sendable {
        /// Nobody is helped by ten thousand requests to a server that answers nothing but errors.
        private static let limit = 20
        private let state = Mutex<(count: Int, last: DAVClientError?)>((0, nil))
        func add(_ error: DAVClientError) { state.withLock { $0 = ($0.count + 1, error) } }
        func forget() { state.withLock { $0 = (0, nil) } }
        /// The last failure, once there were too many.
        var verdict: DAVClientError? { state.withLock { $0.count >= Self.limit ? $0.last : nil } }
    }

    private let client: DAVClient
    private let collection: DAVURL
    private let kind: DAVCollectionKind
    private let batchSize: BatchSize
    private let misfortune = Misfortune()

    /// Larger objects travel alone, so that no batch gets out of hand.
    private static let largeObject = 256 << 10
    private static let batchBytes = 2 << 20

    package init(_ client: DAVClient, collection: DAVURL, kind: DAVCollectionKind, batchSize: Int = 50) {
        self.client = client
        self.collection = collection
        self.kind = kind
        self.batchSize = BatchSize(batchSize)
    }

    /// - Parameters:
    ///   - early: what was asked for before.
    ///   - receive: called from this task, once per batch.
    /// - Throws: what makes every further request useless, or what `receive` throws.
    func fetch(
        _ members: [Member], concurrency: Int, after early: EarlyReading? = nil,
        receive: ([Outcome]) async throws -> Void
    ) async throws {
        var members = members
        let begun = early?.take(from: &members) ?? []
        var rest = members[...]
        try await withThrowingTaskGroup(of: [Outcome].self) { group in
            var running = begun.count
            for batch in begun { group.addTask { try await fetchBatch(batch) } }
            while running > 0 || !rest.isEmpty {
                while running < concurrency, !rest.isEmpty {
                    let batch = nextBatch(&rest)
                    group.addTask { try await fetchBatch(batch) }
                    running += 1
                }
                guard let outcomes = try await group.next() else { break }
                running -= 1
                try await receive(outcomes)
            }
        }
    }

    private func nextBatch(_ rest: inout ArraySlice<Member>) -> [Member] {
        var batch: [Member] = []
        var bytes = 0
        let limit = batchSize.current
        while batch.count < limit, let next = rest.first {
            let size = next.size ?? 1 << 10
            if !batch.isEmpty, size > Self.largeObject || bytes > Self.batchBytes { break }
            batch.append(rest.removeFirst())
            bytes += size
            if size > Self.largeObject { break }
        }
        return batch
    }

    // MARK: One batch

    private func fetchBatch(_ early: EarlyReading.Batch) async throws -> [Outcome] {
        do {
            // Waiting for a task does not cancel it.
            let (answer, duration) = try await withTaskCancellationHandler {
                try await early.answer.value
            } onCancel: {
                early.answer.cancel()
            }
            return try await collect(early.members, answer, in: duration)
        } catch is DAVClientError {
            return try await fetchBatch(early.members)
        }
    }

    private func fetchBatch(_ batch: [Member]) async throws -> [Outcome] {
        if let error = misfortune.verdict { return batch.map { .failed($0, error) } }
        guard batch.count > 1 else {
            var outcomes: [Outcome] = []
            for member in batch { outcomes.append(try await fetchAlone(member)) }
            return outcomes
        }
        do {
            let start = ContinuousClock.now
            let answer = try await client.members(of: collection, kind: kind, hrefs: batch.map(\.href))
            return try await collect(batch, answer.members, in: .now - start)
        } catch let error as DAVClientError {
            // No answer at all may mean that the batch takes too long; of a single object it is the last word.
            if Self.isFatal(error), error.code != .unavailable { throw error }
            // A server without this report will not learn it; one that is overwhelmed may like less.
            let smaller =
                switch error.code {
                case .refused, .notFound: 1
                case .unavailable: batch.count / 8
                default: batch.count / 2
                }
            batchSize.shrink(to: smaller)
            var outcomes: [Outcome] = []
            var start = 0
            while start < batch.count {
                let end = min(start + max(1, smaller), batch.count)
                outcomes += try await fetchBatch(Array(batch[start..<end]))
                start = end
            }
            return outcomes
        }
    }

    /// Takes from the answer what is beyond doubt and asks for the rest one by one.
    private func collect(
        _ batch: [Member], _ answer: [DAVMember], in duration: Duration
    ) async throws -> [Outcome] {
        // Nearly every server answers in the order in which it was asked, and spells hrefs as it was asked.
        let isInOrder =
            answer.count == batch.count && zip(answer, batch).allSatisfy { $0.href == $1.href }
        var places: [[UInt8]: Int] = [:]
        if !isInOrder { for (place, found) in answer.enumerated() { places[found.url.resourceKey] = place } }
        let count = isInOrder ? answer.count : places.count
        var outcomes: [Outcome] = []
        outcomes.reserveCapacity(batch.count)
        var missing: [Member] = []
        if count > 0 { misfortune.forget() }
        for (place, member) in batch.enumerated() {
            let found = isInOrder ? place : places[member.url.resourceKey]
            // A replacement character may stand for bytes that XML could not carry; only GET tells.
            if let properties = found.map({ answer[$0].properties }), let data = properties.data,
                !LineEnds.hasReplacements(data),
                let bytes = LineEnds.exactBytes(data, size: isUnchanged(member, properties) ? member.size : nil)
            {
                outcomes.append(.object(member, bytes: bytes, etag: properties.etag ?? member.etag))
            } else {
                missing.append(member)
            }
        }
        if count < batch.count {
            if count > 0 { batchSize.shrink(to: count) }
        } else {
            batchSize.grow(after: batch.count, in: duration)
        }
        for member in missing { outcomes.append(try await fetchAlone(member)) }
        return outcomes
    }

    /// Whether the size in the listing belongs to the bytes in the answer.
    private func isUnchanged(_ member: Member, _ properties: MemberResponse.Properties) -> Bool {
        member.etag != nil && properties.etag == member.etag
    }

    private func fetchAlone(_ member: Member) async throws -> Outcome {
        if let error = misfortune.verdict { return .failed(member, error) }
        do {
            let object = try await client.get(member.url)
            guard !Self.isWebPage(object) else {
                throw DAVClientError(
                    .protocolViolation, "GET \(member.url): a web page came back in place of the object.")
            }
            if try await isCut(object, member) {
                throw DAVClientError(
                    .protocolViolation, "GET \(member.url): the object ends early, after \(object.bytes.count) bytes.",
                    advice: "If it happens again, the server or a proxy cuts its answers.")
            }
            misfortune.forget()
            return .object(member, bytes: object.bytes, etag: object.etag ?? member.etag)
        } catch let error as DAVClientError {
            if Self.isFatal(error) { throw error }
            if error.code == .notFound { return .vanished(member) }
            misfortune.add(error)
            return .failed(member, error)
        }
    }

    /// Whether an object without its end is not what the server stores. Real ones without an end exist, and are kept:
    /// then the listing says that size, or the server gives the same bytes again.
    private func isCut(_ object: DAVClient.Object, _ member: Member) async throws -> Bool {
        let end = "END:\(kind == .calendar ? "VCALENDAR" : "VCARD")"
        let tail = String(decoding: object.bytes.suffix(64), as: UTF8.self).uppercased()
        if tail.contains(end) || object.bytes.count == member.size { return false }
        if member.size != nil { return true }
        return try await client.get(member.url).bytes != object.bytes
    }

    private static func isWebPage(_ object: DAVClient.Object) -> Bool {
        object.contentType?.lowercased().hasPrefix("text/html") ?? false
    }

    /// Errors that every other request would meet as well.
    static func isFatal(_ error: DAVClientError) -> Bool {
        switch error.code {
        case .authentication, .security, .invalidConfiguration: true
        case .unavailable: error.status == nil
        default: false
        }
    }
}
