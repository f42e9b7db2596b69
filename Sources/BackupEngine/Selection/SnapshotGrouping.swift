package import KlosetFormat

/// By what snapshots are put into groups that are judged by themselves (plakar command line, section 10).
package enum SnapshotGrouping: String, CaseIterable, Hashable, Sendable {
    case name, category, environment, perimeter, job, dataset
    case dataClass = "data-class"
    case tag, origin, type, root

    /// The groups of a snapshot: several where it has several tags or data classes; that of the empty name where it
    /// has none.
    package func groups(of header: SnapshotHeader) -> [ByteString] {
        let importer = header.source?.importer
        switch self {
        case .name: return [header.name]
        case .category: return [header.category]
        case .environment: return [header.environment]
        case .perimeter: return [header.perimeter]
        case .job: return [header.job]
        case .dataset: return [header.dataset ?? ""]
        case .dataClass: return Self.several(header.dataClasses ?? [])
        case .tag: return Self.several(header.tags.filter { $0 != SnapshotHeader.incompleteTag })
        case .origin: return [importer?.origin ?? ""]
        case .type: return [importer?.type ?? ""]
        case .root: return [importer?.directory ?? ""]
        }
    }

    private static func several(_ names: [ByteString]) -> [ByteString] { names.isEmpty ? [""] : names }
}
