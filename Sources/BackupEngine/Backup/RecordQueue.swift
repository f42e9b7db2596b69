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

    private static let recordLimit = 64
    private static let byteLimit = 8 << 20

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

    /// - Returns: the next record with its number, from 0 on; nil when there is nothing more to come.
    /// - Throws: what ``fail(_:)`` was told.
    func next() async throws -> (number: Int, record: Record)? {
        while true {
            let (number, record, isFinished, waiter) = try state.withLock { state in
                if let failure = state.failure { throw failure }
                guard let record = state.records.popFirst() else {
                    return (0, Record?.none, state.isFinished, CheckedContinuation<Void, Never>?.none)
                }
                state.bytes -= record.inlineSize
                state.taken += 1
                // Not for each one: those who wait and those who work would take turns for every record.
                let hasRoom = state.records.count <= Self.recordLimit / 2 && state.bytes < Self.byteLimit
                return (state.taken - 1, record, false, hasRoom ? state.producers.popLast() : nil)
            }
            waiter?.resume()
            if let record { return (number, record) }
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
