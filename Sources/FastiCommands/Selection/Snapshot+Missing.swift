internal import BackupEngine
internal import ConnectorKit
internal import Kloset

extension Snapshot {
    /// - Throws: when there is nothing at a path, with what there is in its place.
    func require(_ path: BytePath) async throws {
        guard try await entry(at: path) == nil else { return }
        throw await missing(path)
    }

    /// The most names that are worth reading in an error.
    private static let nameLimit = 8

    /// The error for a path that there is not: a folder is often known by another name than that of its address.
    func missing(_ path: BytePath) async -> KlosetError {
        KlosetError(
            .notFound, "There is no \(path) in snapshot \(header.identifier.shortHex).", advice: await neighbours(path))
    }

    /// "/calendars has home, work."
    private func neighbours(_ path: BytePath) async -> String? {
        var place = path.parent
        while let candidate = place {
            if let found = try? await entry(at: candidate), found.isDirectory { break }
            place = candidate.parent
        }
        guard let place, var listing = try? await cursor(of: place) else { return nil }
        var names: [String] = []
        while names.count <= Self.nameLimit, let entry = try? await listing.next() {
            if !entry.name.starts(with: [UInt8(ascii: ".")]) { names.append(printable(entry.name)) }
        }
        guard !names.isEmpty else { return nil }
        let more = names.count > Self.nameLimit ? " and more" : ""
        return "\(place) has \(names.prefix(Self.nameLimit).joined(separator: ", "))\(more)."
    }
}
