import ConnectorKit
import Crypto
import DAVClient

/// The mark in the name of a collection while a restore fills it: `Work (restoring 3f2a91c0)`. It tells people that the
/// collection is not whole yet, and the next run of the same restore that it may go on here.
struct RestoreMark: Sendable {
    private let suffix: String
    /// Stands for the objects that are restored.
    let digits: String

    /// - Throws: when the snapshot cannot be read.
    init(_ source: RestoreSource, _ tree: any SnapshotTree) async throws {
        var hash = SHA256()
        hash.update(data: source.sidecar.href.utf8.map { $0 })
        for name in try await tree.names(in: source.directory) { hash.update(data: name + [0]) }
        for object in source.objects.values.sorted(by: { $0.name < $1.name }) {
            hash.update(data: Array((object.etag ?? object.digest ?? "").utf8))
        }
        digits = hash.finalize().prefix(4).map { PercentEncoding.escape($0).dropFirst().lowercased() }.joined()
        suffix = " (restoring \(digits))"
    }

    func marked(_ name: String) -> String { name + suffix }

    func isOn(_ name: String) -> Bool { name.hasSuffix(suffix) }

    /// The name without the mark.
    func name(in marked: String) -> String { isOn(marked) ? String(marked.dropLast(suffix.count)) : marked }
}
