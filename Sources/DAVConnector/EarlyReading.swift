import DAVClient
import Synchronization
import WebDAV

/// Asks for the first objects of a collection while its listing still comes: a list of ten thousand is long, and nobody
/// should wait for its end who could be at work. What came of it is looked at when the list is whole, like any other answer.
final class EarlyReading: Sendable {
    struct Batch: Sendable {
        let members: [Member]
        let answer: Answer
    }

    typealias Answer = Task<(members: [DAVMember], duration: Duration), any Error>

    private struct State {
        var waiting: [String] = []
        var begun: [(hrefs: [String], answer: Answer)] = []
        var isOver = false
    }

    /// The first is small: the server may be slow, or not know this report at all.
    private static let sizes = [100, 200, 400, 400, 400]
    /// Larger objects can wait for a batch that is made with regard to their sizes. Bytes.
    private static let objectLimit = 16 << 10

    private let client: DAVClient
    private let collection: DAVURL
    private let kind: DAVCollectionKind
    private let state = Mutex(State())

    init(_ client: DAVClient, collection: DAVURL, kind: DAVCollectionKind) {
        self.client = client
        self.collection = collection
        self.kind = kind
    }

    /// Takes a further part of the listing.
    func note(_ members: ArraySlice<MemberResponse>) {
        state.withLock { state in
            for member in members where !state.isOver && state.begun.count < Self.sizes.count {
                guard member.status == nil, !member.properties.isCollection,
                    let size = member.properties.contentLength, size <= Self.objectLimit
                else { continue }
                state.waiting.append(member.href)
                guard state.waiting.count == Self.sizes[state.begun.count] else { continue }
                state.begun.append((state.waiting, ask(state.waiting)))
                state.waiting = []
            }
        }
    }

    private func ask(_ hrefs: [String]) -> Answer {
        Task { [client, collection, kind] in
            let start = ContinuousClock.now
            let answer = try await client.members(of: collection, kind: kind, hrefs: hrefs)
            return (answer.members, .now - start)
        }
    }

    /// Takes those members out of a whole listing that were asked for already. Nothing more is asked for then.
    func take(from members: inout [Member]) -> [Batch] {
        let begun = state.withLock { state in
            state.isOver = true
            return state.begun
        }
        guard !begun.isEmpty else { return [] }
        var places: [String: Int] = [:]
        for (place, batch) in begun.enumerated() { for href in batch.hrefs { places[href] = place } }
        var taken = begun.map { _ in [Member]() }
        members.removeAll { member in
            guard let place = places.removeValue(forKey: member.href) else { return false }
            taken[place].append(member)
            return true
        }
        return zip(taken, begun).map { Batch(members: $0, answer: $1.answer) }
    }

    /// What nobody has taken is not wanted any more.
    func cancel() {
        let begun = state.withLock { state in
            state.isOver = true
            return state.begun
        }
        for batch in begun { batch.answer.cancel() }
    }
}
