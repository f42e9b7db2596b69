internal import ConnectorKit

/// Where the parts of a packfile are (Kloset format, section 7.1): wrapper header, data, index, footer, the length
/// of the footer, wrapper MAC. Index and footer are compressed and encrypted on their own, so finding the index
/// takes two steps: ``init(tail:fileSize:)``, decode the footer, ``indexRange(_:)``.
package struct PackfileLayout: Hashable, Sendable {
    /// How many bytes at the end of the file ``init(tail:fileSize:)`` wants.
    package static let tailSize = 4 + Wrapper.footerSize
    /// File offset of the data: what to add to the offset of a blob.
    package static let dataOffset = UInt64(Wrapper.headerSize)

    /// File range of the encoded footer.
    package var footer: Range<UInt64>

    /// - Parameters:
    ///   - tail: the last ``tailSize`` bytes of the file.
    ///   - fileSize: bytes of the whole file.
    package init(tail: [UInt8], fileSize: UInt64) throws(FormatError) {
        let overhead = Self.dataOffset + UInt64(Self.tailSize)
        guard tail.count == Self.tailSize, fileSize >= overhead else {
            throw FormatError(.truncated, "A packfile of \(fileSize) bytes is too short.")
        }
        var reader = LittleEndianReader(tail)
        let length: UInt32 = try reader.integer()
        guard UInt64(length) <= fileSize - overhead else {
            throw FormatError(.malformed, "A packfile of \(fileSize) bytes claims a footer of \(length) bytes.")
        }
        let end = fileSize - UInt64(Self.tailSize)
        footer = end - UInt64(length)..<end
    }

    /// Finds the parts of a packfile that is in memory.
    package init(file: [UInt8]) throws(FormatError) {
        try self.init(tail: Array(file.suffix(Self.tailSize)), fileSize: UInt64(file.count))
    }

    /// File range of the encoded index.
    package func indexRange(_ footer: PackfileFooter) throws(FormatError) -> Range<UInt64> {
        guard footer.indexOffset <= self.footer.lowerBound - Self.dataOffset else {
            throw FormatError(
                .malformed, "The packfile's index would begin at \(footer.indexOffset), beyond its footer.")
        }
        return Self.dataOffset + footer.indexOffset..<self.footer.lowerBound
    }

    /// What stands between the data and the wrapper MAC.
    ///
    /// - Parameters:
    ///   - index: the encoded index.
    ///   - footer: the encoded footer.
    package static func end(index: [UInt8], footer: [UInt8]) -> [UInt8] {
        var bytes = index + footer
        bytes.appendLittleEndian(UInt32(clamping: footer.count))
        return bytes
    }
}
