internal import ConnectorKit
internal import Synchronization

/// Records between the importer, which finds one after the other, and the tasks that read and store them. It is short:
/// an importer that is faster than they are waits.
final class RecordQueue: Sendable {
    private struct State {
        var records: ArraySlice<Record> = []
        /// How many were taken out.
        var taken = 0
        /// Of the contents that came with the records.
        var bytes = 0
        var isFinished = false
        var failure: (any Error)?
        var producers: [CheckedContinuation<Void, Never>] = []
        var consumers: [CheckedContinuation<Void, Never>] = []

        /// Whoever waits looks again.
        mutating func takeAll() -> [CheckedContinuation<Void, Never>] {
            defer { (producers, consumers) = ([], []) }
            return producers + consumers
        }
    }

    private static let recordLimit = 256
    private static let byteLimit = 8 << 20
    /// Small records are taken out in batches, so that few steps are made for each. Those who take share what there is.
    private static let batchLimit = 32
    private static let batchBytes: Int64 = 256 << 10

    private let state = Mutex(State())

    /// - Throws: what ``fail(_:)`` was told.
    func send(_ record: Record) async throws {
        while true {
            let (isDone, waiter) = try state.withLock { state in
                if let failure = state.failure { throw failure }
                guard state.records.count < Self.recordLimit, state.bytes < Self.byteLimit else {
                    return (false, CheckedContinuation<Void, Never>?.none)
                }
                state.records.append(record)
                state.bytes += record.inlineSize
                return (true, state.consumers.popLast())
            }
            waiter?.resume()
            if isDone { return }
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard state.failure == nil, state.records.count >= Self.recordLimit || state.bytes >= Self.byteLimit
                    else { return false }
                    state.producers.append(continuation)
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        }
    }

    /// - Returns: the next records, at least one, with the number of the first, from 0 on; nil when there is nothing more
    ///   to come.
    /// - Throws: what ``fail(_:)`` was told.
    func next() async throws -> (number: Int, records: [Record])? {
        while true {
            let (number, records, isFinished, waiter) = try state.withLock { state in
                if let failure = state.failure { throw failure }
                let records = Self.takeBatch(&state)
                // Not for each one: those who wait and those who work would take turns for every record.
                let hasRoom = state.records.count <= Self.recordLimit / 2 && state.bytes < Self.byteLimit
                return (
                    state.taken - records.count, records, state.isFinished, hasRoom ? state.producers.popLast() : nil
                )
            }
            waiter?.resume()
            if !records.isEmpty { return (number, records) }
            if isFinished { return nil }
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard state.failure == nil, state.records.isEmpty, !state.isFinished else { return false }
                    state.consumers.append(continuation)
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        }
    }

    private static func takeBatch(_ state: inout State) -> [Record] {
        let limit = min(batchLimit, max(1, state.records.count / 2))
        var batch: [Record] = []
        var bytes: Int64 = 0
        while batch.count < limit, bytes < batchBytes, let record = state.records.popFirst() {
            bytes += record.info.map { max(0, $0.size) } ?? 0
            state.bytes -= record.inlineSize
            batch.append(record)
        }
        state.taken += batch.count
        return batch
    }

    func finish() {
        let waiters = state.withLock { state in
            state.isFinished = true
            return state.takeAll()
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Nobody sends or gets anything any more. The first failure counts.
    func fail(_ error: any Error) {
        let waiters = state.withLock { state in
            if state.failure == nil { state.failure = error }
            state.records = []
            return state.takeAll()
        }
        for waiter in waiters { waiter.resume() }
    }
}

extension Record {
    /// Bytes of content that came with it.
    fileprivate var inlineSize: Int {
        if case .inline(let bytes) = content { bytes.count } else { 0 }
    }
}
