import DAVClient
import FoundationEssentials

/// Remembers the collections that a restore has begun and could not complete, because the server refused an object or the
/// run was interrupted: the next run of the same restore goes on there, instead of making another copy beside it.
///
/// It stands in a file on this machine, since not every server keeps the mark in the name (``RestoreMark``), and a
/// collection that lacks one refused object should not have to be called unfinished for ever. What cannot be
/// remembered costs nothing but that.
struct RestoreLedger: Sendable {
    private struct Entry: Codable {
        /// The address of the collection.
        var place: String
        /// Of what was being restored, see ``RestoreMark/digits``.
        var mark: String
        /// Seconds since 1970.
        var begun: Int64
    }

    private let file: StateFile?

    /// - Parameter folder: absolute; nil remembers nothing.
    init(folder: String?) { file = folder.map { StateFile(path: "\($0)/restores.json") } }

    private static let limit = 1_000
    private static let lifetime: Int64 = 90 * 86_400

    func holds(_ place: DAVURL, _ mark: RestoreMark) -> Bool {
        entries().contains { $0.place == Self.name(place) && $0.mark == mark.digits }
    }

    func remember(_ place: DAVURL, _ mark: RestoreMark) async {
        let now = Int64(Date().timeIntervalSince1970)
        await change { entries in
            entries.removeAll { $0.place == Self.name(place) || $0.begun < now - Self.lifetime }
            entries.append(Entry(place: Self.name(place), mark: mark.digits, begun: now))
            entries = entries.suffix(Self.limit)
        }
    }

    func forget(_ place: DAVURL, _ mark: RestoreMark) async {
        guard holds(place, mark) else { return }
        await change { $0.removeAll { $0.place == Self.name(place) } }
    }

    private static func name(_ place: DAVURL) -> String { "\(place.scheme.rawValue)://\(place.authority)\(place.path)" }

    private func entries() -> [Entry] {
        guard let bytes = try? file?.content() else { return [] }
        return (try? JSONDecoder().decode([Entry].self, from: Data(bytes))) ?? []
    }

    private func change(_ body: (inout [Entry]) -> Void) async {
        guard let file else { return }
        try? await file.locked {
            var entries = entries()
            body(&entries)
            try file.write(try SidecarCoding.encode(entries))
        }
    }
}
