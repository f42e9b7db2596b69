package import ConnectorKit

/// The frame around every file of a store: 16 bytes before the payload, 32 bytes of MAC after it
/// (Kloset format, section 3).
package struct Wrapper: Hashable, Sendable {
    package static let headerSize = 16
    package static let footerSize = 32

    package var type: ResourceType
    package var version: FormatVersion
    /// Where the payload is in the file.
    package var payload: Range<Int>
    /// The digest the file claims over ``authenticated``. Parsing does not check it: which key and which hash
    /// depends on the resource.
    package var mac: MAC

    /// What ``mac`` covers: header and payload.
    package var authenticated: Range<Int> { 0..<payload.upperBound }

    /// Splits a whole file.
    ///
    /// - Throws: `FormatError` when it is too short, is something else, or is newer than this program.
    package init(parsing file: [UInt8], expecting type: ResourceType) throws(FormatError) {
        guard file.count >= Self.headerSize + Self.footerSize else {
            throw FormatError(.truncated, "A \(type.name) of \(file.count) bytes is too short.")
        }
        let header = try WrapperHeader(parsing: file, expecting: type)
        let end = file.count - Self.footerSize
        guard let mac = MAC(file[end...]) else { throw FormatError(.truncated, "The \(type.name) has no digest.") }
        self.type = header.type
        version = header.version
        payload = Self.headerSize..<end
        self.mac = mac
    }

    /// Wraps a payload.
    ///
    /// - Parameter mac: the digest of the bytes it is given.
    package static func seal<Failure>(
        _ type: ResourceType, _ version: FormatVersion, _ payload: [UInt8],
        mac: ([UInt8]) throws(Failure) -> MAC
    ) throws(Failure) -> [UInt8] {
        var file = WrapperHeader(type: type, version: version).encoded()
        file.reserveCapacity(headerSize + payload.count + footerSize)
        file.append(contentsOf: payload)
        file.append(try mac(file))
        return file
    }
}

/// The first 16 bytes of every file of a store.
package struct WrapperHeader: Hashable, Sendable {
    package var type: ResourceType
    package var version: FormatVersion

    package init(type: ResourceType, version: FormatVersion) {
        self.type = type
        self.version = version
    }

    /// Reads the first 16 bytes of `bytes`.
    package init(parsing bytes: [UInt8], expecting type: ResourceType) throws(FormatError) {
        var reader = LittleEndianReader(bytes)
        let magic = try reader.bytes(8)
        guard magic == Array("_KLOSET_".utf8) || magic == Array("_PLAKAR_".utf8) else {
            throw FormatError(.malformed, "This is no file of a Kloset store: it does not begin with _KLOSET_.")
        }
        let number: UInt32 = try reader.integer()
        guard number == type.rawValue else {
            throw FormatError(.malformed, "This is resource type \(number) where a \(type.name) belongs.")
        }
        let version = FormatVersion(rawValue: try reader.integer())
        guard version <= type.newestVersion else {
            throw FormatError(
                .newerVersion, "The \(type.name) has version \(version), newer than \(type.newestVersion).",
                advice: "Use a newer version of this program.")
        }
        self.init(type: type, version: version)
    }

    package func encoded() -> [UInt8] {
        var bytes = Array("_KLOSET_".utf8)
        bytes.appendLittleEndian(type.rawValue)
        bytes.appendLittleEndian(version.rawValue)
        return bytes
    }
}
