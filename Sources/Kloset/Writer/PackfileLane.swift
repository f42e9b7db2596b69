import ConnectorKit
import KlosetFormat
import Synchronization

/// Fills one packfile after the other (format, section 7) and sends them to the store while they are filled.
///
/// Blobs are appended under a lock that is held for the time of a copy. Of the tasks that append, one at a time sends
/// what is complete; the others wait only when too much is complete, so that little of a packfile is in memory.
final class PackfileLane: Sendable {
    private let repository: Repository
    private let journal: LocationJournal
    /// Bytes of data after which a packfile is ended.
    private let limit: UInt64
    private let state = Mutex(State())

    /// Blobs after which a packfile is ended: its index is made in memory.
    private static let blobLimit = 65_536
    private static let pieceSize = 512 << 10
    /// Pieces that may wait to be sent before those who append wait as well.
    private static let patience = 4
    /// A reader of the Go engine asks for more than it needs around a blob, and fails at the end of the file: so
    /// much must follow the last blob (format, section 7.6).
    private static let trailingPadding = 8192

    private struct State {
        var piece: [UInt8] = []
        /// The packfile that is being filled; nil before its first blob.
        var packfile: Filling?
        var ready: [Item] = []
        /// A piece that was sent, to be filled again.
        var spare: [UInt8]?
        var isSending = false
        var waiters: [CheckedContinuation<Void, Never>] = []
        var failure: (any Error)?
        /// The packfile that is being sent, while nobody sends.
        var shipment: PackfileShipment?

        mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
            defer { waiters = [] }
            return waiters
        }
    }

    private struct Filling {
        let number: UInt32
        let name: MAC
        var size: UInt64 = 0
        var blobs = 0
        /// The index, in pages: one array would be copied as it grows, and end up twice as large as it has to be.
        private var pages: [[UInt8]] = []

        private static let recordsPerPage = 1024

        init(number: UInt32, name: MAC) {
            self.number = number
            self.name = name
        }

        mutating func add(_ record: PackfileIndexRecord) {
            if blobs % Self.recordsPerPage == 0 {
                var page: [UInt8] = []
                page.reserveCapacity(Self.recordsPerPage * PackfileIndexRecord.size)
                pages.append(page)
            }
            PackfileIndex.append(record, to: &pages[pages.count - 1])
            size += UInt64(record.length)
            blobs += 1
        }

        var index: [UInt8] {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(blobs * PackfileIndexRecord.size)
            for page in pages { bytes += page }
            return bytes
        }
    }

    private enum Item {
        case begin(name: MAC)
        case piece([UInt8])
        /// The index of the packfile that ends here, and the bytes of its data.
        case end(index: [UInt8], size: UInt64)
    }

    init(_ repository: Repository, _ journal: LocationJournal) {
        self.repository = repository
        self.journal = journal
        limit = repository.configuration.packfile.maximumSize
    }

    /// Appends an encoded blob.
    func append(_ id: BlobID, _ stored: [UInt8]) async throws {
        guard stored.count < Int(UInt32.max) else {
            throw KlosetError(.limitExceeded, "\(id) has \(stored.count) bytes as stored, more than a packfile takes.")
        }
        let mustSend = try state.withLock { state in
            if let failure = state.failure { throw failure }
            try place(id, stored, &state)
            if let packfile = state.packfile, packfile.size > limit || packfile.blobs >= Self.blobLimit {
                try end(&state)
            }
            return !state.ready.isEmpty
        }
        if mustSend { try await send() }
    }

    /// Ends the packfile and sends what is left. Nobody appends any more.
    func finish() async throws {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            if state.packfile != nil { try end(&state) }
        }
        repeat {
            try await send()
        } while state.withLock { $0.isSending || !$0.ready.isEmpty }
    }

    /// Gives up the packfile that is under way. Nobody appends any more.
    func abandon() async {
        let shipment = state.withLock { state in
            state.failure = CancellationError()
            state.ready = []
            defer { state.shipment = nil }
            return state.shipment
        }
        await shipment?.abort()
    }

    // MARK: Filling

    private func place(_ id: BlobID, _ stored: [UInt8], _ state: inout State) throws {
        if state.packfile == nil {
            let (number, name) = try journal.addPackfile()
            state.packfile = Filling(number: number, name: name)
            state.ready.append(.begin(name: name))
            fill(WrapperHeader(type: .packfile, version: .v1_0_0).encoded(), &state)
        }
        guard let (number, offset) = state.packfile.map({ ($0.number, $0.size) }) else { return }
        let record = PackfileIndexRecord(blob: id, offset: offset, length: UInt32(stored.count))
        state.packfile?.add(record)
        try journal.add(id, packfile: number, offset: offset, length: UInt32(stored.count))
        fill(stored, &state)
    }

    private func fill(_ bytes: [UInt8], _ state: inout State) {
        var position = 0
        while position < bytes.count {
            if state.piece.capacity == 0 {
                state.piece = state.spare ?? []
                state.spare = nil
                state.piece.reserveCapacity(Self.pieceSize)
            }
            let end = min(bytes.count, position + Self.pieceSize - state.piece.count)
            state.piece.append(contentsOf: bytes[position..<end])
            position = end
            if state.piece.count == Self.pieceSize { finishPiece(&state) }
        }
    }

    private func finishPiece(_ state: inout State) {
        guard !state.piece.isEmpty else { return }
        state.ready.append(.piece(state.piece))
        state.piece = []
    }

    /// Ends the data with random bytes, which also hide where the last blob ends.
    private func end(_ state: inout State) throws {
        let padding = Repository.randomBytes(Self.trailingPadding + Int.random(in: 0..<Self.trailingPadding))
        try place(BlobID(.padding, .random()), padding, &state)
        finishPiece(&state)
        if let packfile = state.packfile { state.ready.append(.end(index: packfile.index, size: packfile.size)) }
        state.packfile = nil
    }

    // MARK: Sending

    /// Sends what is ready, until nothing is; or, while another task does that, waits until not much is.
    private func send() async throws {
        let (isMine, known) = state.withLock { state in
            if state.isSending { return (false, PackfileShipment?.none) }
            state.isSending = true
            return (true, state.shipment)
        }
        guard isMine else { return await wait() }
        var shipment = known
        do {
            while let item = next(shipment) {
                try await send(item, &shipment)
                recycle(item)
            }
        } catch {
            fail(error, shipment)
            throw error
        }
    }

    /// - Returns: nil when there is nothing to send any more; another task may then begin.
    private func next(_ shipment: PackfileShipment?) -> Item? {
        state.withLock { state in
            if state.failure != nil { state.ready = [] }
            guard state.ready.isEmpty else { return state.ready.removeFirst() }
            state.isSending = false
            state.shipment = shipment
            return nil
        }
    }

    private func wait() async {
        await withCheckedContinuation { continuation in
            let isWaiting = state.withLock { state in
                guard state.isSending, state.ready.count > Self.patience else { return false }
                state.waiters.append(continuation)
                return true
            }
            if !isWaiting { continuation.resume() }
        }
    }

    private func fail(_ error: any Error, _ shipment: PackfileShipment?) {
        let waiters = state.withLock { state in
            state.failure = error
            state.ready = []
            state.isSending = false
            state.shipment = shipment
            return state.takeWaiters()
        }
        for waiter in waiters { waiter.resume() }
    }

    private func send(_ item: Item, _ shipment: inout PackfileShipment?) async throws {
        switch item {
        case .begin(let name): shipment = try await PackfileShipment(repository, name)
        case .piece(let piece): try await shipment?.append(piece)
        case .end(let index, let size):
            try await shipment?.finish(index: index, size: size)
            shipment = nil
        }
    }

    private func recycle(_ item: consuming Item) {
        var spare: [UInt8]?
        if case .piece(let piece) = consume item { spare = piece }
        spare?.removeAll(keepingCapacity: true)
        let waiters = state.withLock { state in
            if state.spare == nil { state.spare = spare }
            return state.takeWaiters()
        }
        for waiter in waiters { waiter.resume() }
    }
}
