package import ConnectorKit

/// One direct child in the listing of a directory (Kloset format, section 9.6).
package struct DirpackFrame: Hashable, Sendable {
    /// Far beyond what names, paths and attribute names of one entry can need.
    package static let maximumEntrySize = 16 << 20

    package var isDirectory: Bool
    /// The same bytes as the blob of the ``Entry``.
    package var entry: [UInt8]
    /// The MAC of ``entry``.
    package var identifier: MAC

    package init(isDirectory: Bool, entry: [UInt8], identifier: MAC) {
        self.isDirectory = isDirectory
        self.entry = entry
        self.identifier = identifier
    }

    /// Writes the frame behind what is there. Frames are sorted bytewise by path, which within one directory is by
    /// name.
    package func append(to bytes: inout [UInt8]) {
        bytes.append(isDirectory ? 1 : 2)
        bytes.appendLittleEndian(UInt32(clamping: entry.count + 32))
        bytes += entry
        bytes.append(identifier)
    }
}

/// Takes the listing of a directory apart, as its content arrives.
package struct DirpackReader: Sendable {
    private var bytes: [UInt8] = []
    private var position = 0

    package init() {}

    /// Adds the next piece of the content.
    package mutating func append(_ piece: [UInt8]) {
        if position == bytes.count {
            bytes = piece
        } else {
            bytes.removeSubrange(..<position)
            bytes += piece
        }
        position = 0
    }

    /// The next frame; nil when more bytes are needed, or at the end.
    package mutating func next() throws(FormatError) -> DirpackFrame? {
        var reader = LittleEndianReader(bytes, position..<bytes.count)
        guard reader.remaining >= 5 else { return nil }
        let kind = try reader.u8()
        let length = Int(try reader.integer(UInt32.self))
        guard kind == 1 || kind == 2 else {
            throw FormatError(.malformed, "The listing of a directory has a frame of kind \(kind).")
        }
        guard length >= 32, length <= DirpackFrame.maximumEntrySize else {
            throw FormatError(.malformed, "The listing of a directory has a frame of \(length) bytes.")
        }
        guard reader.remaining >= length else { return nil }
        let entry = try reader.bytes(length - 32)
        let frame = DirpackFrame(isDirectory: kind == 1, entry: entry, identifier: try reader.mac())
        position = reader.position
        return frame
    }

    /// To be called when the content has ended and ``next()`` has returned nil.
    ///
    /// - Throws: `FormatError` when a frame is cut off.
    package func finish() throws(FormatError) {
        guard position == bytes.count else {
            throw FormatError(.truncated, "The listing of a directory ends within a frame.")
        }
    }
}
