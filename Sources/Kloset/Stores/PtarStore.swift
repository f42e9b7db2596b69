public import ConnectorKit
import KlosetFormat
import Synchronization

/// A `.ptar` archive: a whole Kloset store in one file, written once and read-only since (format, section 11).
public final class PtarStore: Store {
    /// The absolute path of the archive.
    public let path: String
    /// The archive and what its trailer says; opened once, because an archive does not change.
    private let opened = Mutex<(file: OpenFile, sections: PtarTrailer)?>(nil)

    public init(path: String) { self.path = path }

    public var location: String { path }

    public var mode: StoreMode { .readable }

    /// The name under which the single packfile is listed. Any name is answered with it, because states call it
    /// otherwise.
    static let packfileName = fixedName(0x00...0x0F)
    static let stateName = fixedName((0x00...0x0F).reversed())

    public func create(configuration: [UInt8]) async throws { throw Self.readOnly(path) }

    public func open() async throws -> [UInt8] {
        let (file, sections) = try archive()
        return try file.read(sections.configuration)
    }

    public func list(_ resource: StoreResource) async throws -> [MAC] {
        switch resource {
        case .packfile: [Self.packfileName]
        case .state: [Self.stateName]
        case .lock: []
        }
    }

    public func get(_ resource: StoreResource, _ mac: MAC, range: Range<UInt64>?) async throws -> [UInt8] {
        let (file, sections) = try archive()
        let section = try section(resource, mac, sections)
        guard let range else { return try file.read(section) }
        let (upper, overflow) = section.lowerBound.addingReportingOverflow(range.upperBound)
        guard !overflow, upper <= section.upperBound else {
            throw ConnectorError(.corrupt, "The \(resource) in \(path) ends before byte \(range.upperBound).")
        }
        return try file.read(section.lowerBound + range.lowerBound..<upper)
    }

    public func size(of resource: StoreResource, _ mac: MAC) async throws -> UInt64? {
        let section = try section(resource, mac, archive().sections)
        return section.upperBound - section.lowerBound
    }

    private func section(
        _ resource: StoreResource, _ mac: MAC, _ sections: PtarTrailer
    ) throws(ConnectorError) -> Range<UInt64> {
        switch resource {
        case .packfile: return sections.packfile
        case .state where mac == Self.stateName: return sections.state
        default: throw ConnectorError(.notFound, "The archive \(path) holds no \(resource) \(mac).")
        }
    }

    public func put(_ resource: StoreResource, _ mac: MAC, _ bytes: [UInt8]) async throws {
        throw Self.readOnly(path)
    }

    public func delete(_ resource: StoreResource, _ mac: MAC) async throws { throw Self.readOnly(path) }

    public func close() async { opened.withLock { $0 = nil } }

    private func archive() throws -> (file: OpenFile, sections: PtarTrailer) {
        try opened.withLock { known in
            if let known { return known }
            let file = try OpenFile(path)
            let size = try file.size()
            guard size >= UInt64(PtarTrailer.header.count + PtarTrailer.size) else {
                throw ConnectorError(.corrupt, "\(path) is not a ptar archive, or it was not written to its end.")
            }
            do {
                try PtarTrailer.checkHeader(file.read(0..<UInt64(PtarTrailer.header.count)))
                let bytes = try file.read(size - UInt64(PtarTrailer.size)..<size)
                let found = (file, try PtarTrailer(decoding: bytes, archiveSize: size))
                known = found
                return found
            } catch let error as FormatError {
                throw ConnectorError(.corrupt, "\(path): \(error)")
            }
        }
    }

    private static func readOnly(_ path: String) -> ConnectorError {
        ConnectorError(.unsupported, "\(path) is an archive, which cannot be changed.")
    }

    private static func fixedName(_ head: some Sequence<UInt8>) -> MAC {
        MAC(Array(head) + [UInt8](repeating: 0, count: 16)) ?? .zero
    }
}
