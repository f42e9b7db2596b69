internal import BackupEngine
internal import ConnectorKit
internal import DAVConnector
internal import ICalendar
internal import Kloset
internal import KlosetFormat
internal import ObjectMeaning

/// Files of a snapshot put together to one.
struct CollectionExport {
    let snapshot: Snapshot
    /// A collection, a folder of several, or one object.
    let place: BytePath
    let kind: ObjectKind

    struct Outcome {
        var bytes: [UInt8]
        var count: Int
        var duplicates: Int
        var failures: [(path: BytePath, reason: String)] = []
    }

    func run(_ files: [BytePath], _ zones: ZoneContext) async throws -> Outcome {
        var failures: [(path: BytePath, reason: String)] = []
        switch kind {
        case .calendar:
            let sidecar = try await sidecar()
            var export = CalendarExport(name: sidecar?.displayName, color: sidecar?.color, zones: zones)
            for path in files {
                guard let bytes = try await content(path, &failures) else { continue }
                if !export.add(bytes, fallbackUID: fallbackUID(path)) {
                    failures.append((path, "It is no calendar object that can be read."))
                }
            }
            return Outcome(
                bytes: export.finish(), count: export.count, duplicates: export.duplicates, failures: failures)
        case .contact:
            var export = ContactExport()
            for path in files {
                guard let bytes = try await content(path, &failures) else { continue }
                if !export.add(bytes, fallbackUID: fallbackUID(path)) {
                    failures.append((path, "It is no contact that can be read."))
                }
            }
            return Outcome(
                bytes: export.finish(), count: export.count, duplicates: export.duplicates, failures: failures)
        }
    }

    private func content(
        _ path: BytePath, _ failures: inout [(path: BytePath, reason: String)]
    ) async throws -> [UInt8]? {
        do {
            var bytes: [UInt8] = []
            try await snapshot.read(try await snapshot.file(at: path)) { bytes.append(contentsOf: $0) }
            return bytes
        } catch let error as KlosetError {
            failures.append((path, error.reason))
            return nil
        }
    }

    private func sidecar() async throws -> CollectionSidecar? {
        guard let file = place.appending(CollectionSidecar.fileName), try await snapshot.entry(at: file) != nil,
            let bytes = try await snapshot.boundedContent(at: file)
        else { return nil }
        return CollectionSidecar(decoding: bytes)
    }

    /// The same for the same object in every export of it.
    private func fallbackUID(_ path: BytePath) -> String { String(decoding: path.name, as: UTF8.self) + "@fasti" }
}
