internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat
internal import Synchronization

/// What differs, in the order in which it was found.
final class DiffLog: Sendable {
    struct Item: Sendable {
        let path: BytePath
        let change: SnapshotDiff.Change
        let kind: JobEntry.Kind
    }

    private let list = Mutex<[Item]>([])

    var items: [Item] { list.withLock { $0 } }

    func append(_ path: BytePath, _ change: SnapshotDiff.Change, _ kind: JobEntry.Kind) {
        list.withLock { $0.append(Item(path: path, change: change, kind: kind)) }
    }
}

/// The difference of two files in lines.
enum FileDifference {
    /// Larger files are compared, but not shown.
    static let sizeLimit = 8 << 20

    /// - Parameters: contents, nil for files that are too large to be shown; and what they are called.
    static func between(
        _ old: [UInt8]?, _ oldTitle: String, _ new: [UInt8]?, _ newTitle: String
    ) async throws -> [String] {
        guard let old, let new else { return ["Large files \(oldTitle) and \(newTitle) differ"] }
        guard LineDiff.isText(old), LineDiff.isText(new) else {
            return ["Binary files \(oldTitle) and \(newTitle) differ"]
        }
        let hunks = LineDiff(old, new).unified()
        return hunks.isEmpty ? [] : ["--- \(oldTitle)", "+++ \(newTitle)"] + hunks
    }

    /// Green for what was added, red for what was removed.
    static func coloured(_ line: String) -> String {
        let colour =
            switch line.first {
            case "+": "32"
            case "-": "31"
            case "@": "36"
            default: ""
            }
        return colour.isEmpty ? line : "\u{1B}[\(colour)m\(line)\u{1B}[0m"
    }
}

extension Snapshot {
    /// The content of a file; nil when it is too large to be shown.
    func boundedContent(at path: BytePath) async throws -> [UInt8]? {
        let entry = try await file(at: path)
        guard entry.info.size <= FileDifference.sizeLimit else { return nil }
        var bytes: [UInt8] = []
        try await read(entry) { bytes.append(contentsOf: $0) }
        return bytes
    }
}

extension Importer {
    /// The content of a file; nil when it is too large to be shown.
    func boundedContent(at path: BytePath) async throws -> [UInt8]? {
        let reader = try await open(Record(path: path, info: nil, content: .onDemand))
        var bytes: [UInt8] = []
        do {
            while bytes.count <= FileDifference.sizeLimit, let next = try await reader.next() {
                bytes.append(contentsOf: next)
            }
        } catch {
            await reader.close()
            throw error
        }
        await reader.close()
        return bytes.count <= FileDifference.sizeLimit ? bytes : nil
    }
}
