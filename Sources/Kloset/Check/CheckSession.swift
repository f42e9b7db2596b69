import ConnectorKit
import KlosetFormat

/// What the checks of several snapshots share: contents that many of them refer to are read once.
struct CheckSession {
    let repository: Repository
    let fast: Bool
    var summary = CheckSummary()
    private let report: (CheckFinding) async -> Void
    /// Objects that were looked at, and what was wrong with them: every path that uses one is hurt.
    private var objects: [MAC: Examination] = [:]

    private struct Examination {
        /// Bytes of the content; nil when the object could not be read.
        var size: UInt64?
        var wounds: [Wound] = []
    }

    private struct Wound {
        let blob: BlobID
        let reason: String
    }

    init(_ repository: Repository, fast: Bool, report: @escaping (CheckFinding) async -> Void) {
        self.repository = repository
        self.fast = fast
        self.report = report
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
    mutating func checkObject(_ object: MAC, size: Int64?, _ snapshot: MAC, _ path: BytePath) async throws {
        let examination: Examination
        if let known = objects[object] {
            examination = known
        } else {
            examination = try await examine(object)
            objects[object] = examination
        }
        for wound in examination.wounds { await damage(snapshot, path, wound.blob, wound.reason) }
        guard let found = examination.size, let size, found != UInt64(exactly: size) else { return }
        await damage(
            snapshot, path, BlobID(.object, object), "the content has \(found) bytes, the entry says \(size)")
    }

    private mutating func examine(_ id: MAC) async throws -> Examination {
        let object: Object
        do {
            object = try await repository.message(.object, id)
        } catch let error as KlosetError {
            return Examination(wounds: [Wound(blob: BlobID(.object, id), reason: error.reason)])
        }
        var wounds: [Wound] = []
        var stream = StoreMAC.Stream(repository.keys.mac)
        for chunk in object.chunks {
            try Task.checkCancellation()
            let blob = BlobID(.chunk, chunk.contentMAC)
            if fast {
                if !repository.aggregate.contains(blob) {
                    wounds.append(Wound(blob: blob, reason: "\(blob) is not in the store"))
                }
                continue
            }
            do {
                let bytes = try await repository.blob(.chunk, chunk.contentMAC, limit: Int(chunk.length))
                if bytes.count != Int(chunk.length) {
                    wounds.append(
                        Wound(blob: blob, reason: "\(blob) has \(bytes.count) bytes, its object says \(chunk.length)"))
                }
                stream.update(bytes[...])
                summary.bytes += UInt64(bytes.count)
            } catch let error as KlosetError {
                wounds.append(Wound(blob: blob, reason: error.reason))
            }
        }
        if wounds.isEmpty {
            summary.objects += 1
            if !fast, stream.finalize() != object.contentMAC {
                wounds.append(
                    Wound(
                        blob: BlobID(.object, id), reason: "the chunks put together are not the content of the object"))
            }
        }
        return Examination(size: object.size ?? .max, wounds: wounds)
    }
}
