import ConnectorKit
import KlosetFormat

/// What the checks of several snapshots share: contents that many of them refer to are read once.
struct CheckSession {
    let repository: Repository
    let fast: Bool
    var summary = CheckSummary()
    private let report: (CheckFinding) async -> Void
    /// Is told of each entry that was checked, with the bytes of content that were read for it.
    let progress: @Sendable (UInt64) -> Void
    var ledger: CheckLedger
    /// For whatever is read and not kept.
    var buffers = BlobCodec.Buffers()

    init(
        _ repository: Repository, fast: Bool, severalSnapshots: Bool, progress: @escaping @Sendable (UInt64) -> Void,
        report: @escaping (CheckFinding) async -> Void
    ) {
        self.repository = repository
        self.fast = fast
        self.report = report
        self.progress = progress
        ledger = CheckLedger(repository.aggregate, severalSnapshots: severalSnapshots)
    }

    mutating func note(_ finding: CheckFinding) async {
        switch finding.severity {
        case .damage: summary.damages += 1
        case .note: summary.notes += 1
        }
        await report(finding)
    }

    mutating func damage(_ snapshot: MAC, _ path: BytePath?, _ blob: BlobID?, _ reason: String) async {
        await note(CheckFinding(.damage, snapshot: snapshot, path: path, blob: blob, reason: reason))
    }

    /// Checks an object and its chunks, and that it has the size that something says of it.
    ///
    /// - Parameter size: bytes; nil when nothing says it.
    /// - Returns: whether all is well.
    @discardableResult
    mutating func checkObject(
        _ object: MAC, size: Int64?, _ snapshot: MAC, _ path: BytePath
    ) async throws -> Bool {
        let blob = BlobID(.object, object)
        guard let number = ledger.aggregate.number(of: blob) else {
            await damage(snapshot, path, blob, "\(blob) is not in the store")
            return false
        }
        if ledger.examination(of: number) == nil { try await examine(object, number) }
        guard let (found, wounds) = ledger.examination(of: number) else { return false }
        for wound in wounds { await damage(snapshot, path, wound.blob, wound.reason) }
        guard let found, let size, found != UInt64(exactly: size) else { return wounds.isEmpty }
        await damage(snapshot, path, blob, "the content has \(found) bytes, the entry says \(size)")
        return false
    }

    private mutating func examine(_ id: MAC, _ number: Int) async throws {
        let object: Object
        do {
            object = try await repository.message(.object, id, &buffers)
        } catch let error as KlosetError {
            let wound = CheckLedger.Wound(blob: BlobID(.object, id), reason: error.reason)
            return ledger.note(number, size: nil, wounds: [wound])
        }
        var wounds: [CheckLedger.Wound] = []
        // The digest of a single chunk, which is its name, is that of the whole.
        var stream = object.chunks.count == 1 ? nil : StoreMAC.Stream(repository.keys.mac)
        for chunk in object.chunks {
            try Task.checkCancellation()
            let blob = BlobID(.chunk, chunk.contentMAC)
            if fast {
                if !ledger.aggregate.contains(blob) {
                    wounds.append(CheckLedger.Wound(blob: blob, reason: "\(blob) is not in the store"))
                }
                continue
            }
            do {
                try await repository.read(blob, limit: Int(chunk.length), &buffers)
                let count = buffers.plaintext.count
                if count != Int(chunk.length) {
                    wounds.append(
                        CheckLedger.Wound(
                            blob: blob, reason: "\(blob) has \(count) bytes, its object says \(chunk.length)"))
                }
                stream?.update(buffers.plaintext[...])
                summary.bytes += UInt64(count)
            } catch let error as KlosetError {
                wounds.append(CheckLedger.Wound(blob: blob, reason: error.reason))
            }
        }
        if wounds.isEmpty {
            summary.objects += 1
            let mac = stream.map { $0.finalize() } ?? object.chunks.first?.contentMAC
            if !fast, mac != object.contentMAC {
                wounds.append(
                    CheckLedger.Wound(
                        blob: BlobID(.object, id), reason: "the chunks put together are not the content of the object"))
            }
        }
        ledger.note(number, size: object.size ?? .max, wounds: wounds)
    }
}
