internal import Compression
internal import ConnectorKit

/// Writes zip (PKWARE's APPNOTE 6.3) as a stream: sizes and checksum follow each content. Sizes and counts beyond the old
/// limits are told in the zip64 form; names that are UTF-8 are marked so; owners, permissions and times to the second as
/// Info-ZIP writes them.
struct ZipWriter: ArchiveWriter {
    private struct Row {
        var member: ArchiveMember
        var offset: UInt64
        var compressedSize: UInt64 = 0
        var size: UInt64 = 0
        var checksum: UInt32 = 0
        var isDeflated: Bool
        var isLarge: Bool
        /// Whether size and checksum are not known before the content.
        var isStreamed: Bool { isDeflated }
    }

    /// Sizes follow the contents.
    let missing: UInt64 = 0
    private var offset: UInt64 = 0
    private var current: Row?
    private var checksum = CRC32()
    private var deflater: DeflateStream?
    /// The directory at the end, which grows by some 80 bytes and the name for each member.
    private var directory: [UInt8] = []
    private var count: UInt64 = 0

    /// Where numbers no longer fit their four bytes.
    private static let limit = UInt64(UInt32.max)

    mutating func begin(_ member: ArchiveMember) throws -> [UInt8] {
        switch member.kind {
        case .file, .directory, .symbolicLink: break
        case .hardLink: throw ArchiveLimit(description: "zip has no hard links")
        case .pipe, .characterDevice, .blockDevice:
            throw ArchiveLimit(description: "zip has no devices and pipes")
        }
        guard path(member).count <= UInt16.max else { throw ArchiveLimit(description: "its path is too long for zip") }
        var row = Row(member: member, offset: offset, isDeflated: false, isLarge: false)
        if case .file(let size) = member.kind, size > 0 {
            row.isDeflated = true
            // Deflate may make it a little longer.
            row.isLarge = size >= Self.limit - (1 << 24)
            deflater = try DeflateStream(.raw)
        }
        checksum = CRC32()
        var target: [UInt8] = []
        if case .symbolicLink(let path) = member.kind { target = path }
        checksum.update(target)
        row.size = UInt64(target.count)
        row.compressedSize = row.size
        row.checksum = checksum.value
        current = row
        let bytes = writeLocalHeader(row) + target
        offset += UInt64(bytes.count)
        return bytes
    }

    mutating func append(_ bytes: [UInt8]) -> [UInt8] {
        guard current != nil else { return [] }
        checksum.update(bytes)
        current?.size += UInt64(bytes.count)
        return note(deflater?.append(bytes) ?? bytes)
    }

    private mutating func note(_ bytes: [UInt8]) -> [UInt8] {
        current?.compressedSize += UInt64(bytes.count)
        offset += UInt64(bytes.count)
        return bytes
    }

    mutating func end() -> [UInt8] {
        guard current != nil else { return [] }
        var bytes = deflater.map { note($0.finish()) } ?? []
        deflater = nil
        guard var row = current else { return bytes }
        row.checksum = checksum.value
        current = nil
        guard row.isStreamed else {
            addToDirectory(row)
            return bytes
        }
        var descriptor: [UInt8] = []
        descriptor.append(little: 0x0807_4B50 as UInt32)
        descriptor.append(little: row.checksum)
        if row.isLarge {
            descriptor.append(little: row.compressedSize)
            descriptor.append(little: row.size)
        } else {
            descriptor.append(little: UInt32(truncatingIfNeeded: row.compressedSize))
            descriptor.append(little: UInt32(truncatingIfNeeded: row.size))
        }
        offset += UInt64(descriptor.count)
        bytes += descriptor
        addToDirectory(row)
        return bytes
    }

    // MARK: Headers

    private func path(_ member: ArchiveMember) -> [UInt8] {
        if case .directory = member.kind { return member.path + [UInt8(ascii: "/")] }
        return member.path
    }

    /// Sizes follow the content; the name is UTF-8, where it is.
    private func flags(_ row: Row, _ path: [UInt8]) -> UInt16 {
        (row.isStreamed ? 0x0008 : 0) | (String(validating: path, as: UTF8.self) != nil ? 0x0800 : 0)
    }

    private func writeLocalHeader(_ row: Row) -> [UInt8] {
        let path = path(row.member)
        var extra = commonExtra(row.member)
        if row.isLarge {
            extra.append(little: 0x0001 as UInt16)
            extra.append(little: 16 as UInt16)
            extra.append(little: 0 as UInt64)
            extra.append(little: 0 as UInt64)
        }
        var bytes: [UInt8] = []
        bytes.append(little: 0x0403_4B50 as UInt32)
        bytes.append(little: (row.isLarge ? 45 : 20) as UInt16)
        bytes.append(little: flags(row, path))
        bytes.append(little: (row.isDeflated ? 8 : 0) as UInt16)
        let (time, date) = Self.dosTime(row.member.modificationTime)
        bytes.append(little: time)
        bytes.append(little: date)
        bytes.append(little: row.checksum)
        let size: UInt32 = row.isLarge ? .max : UInt32(clamping: row.size)
        bytes.append(little: size)
        bytes.append(little: size)
        bytes.append(little: UInt16(path.count))
        bytes.append(little: UInt16(extra.count))
        return bytes + path + extra
    }

    /// Times (0x5455) and owners (0x7875).
    private func commonExtra(_ member: ArchiveMember) -> [UInt8] {
        var extra: [UInt8] = []
        if let seconds = Int32(exactly: member.modificationTime.seconds) {
            extra.append(little: 0x5455 as UInt16)
            extra.append(little: 5 as UInt16)
            extra.append(1)
            extra.append(little: UInt32(bitPattern: seconds))
        }
        extra.append(little: 0x7875 as UInt16)
        extra.append(little: 11 as UInt16)
        extra.append(1)
        for owner in [member.userID, member.groupID] {
            extra.append(4)
            extra.append(little: UInt32(clamping: owner))
        }
        return extra
    }

    private mutating func addToDirectory(_ row: Row) {
        let path = path(row.member)
        var wide: [UInt8] = []
        for number in [row.size, row.compressedSize, row.offset] where number >= Self.limit {
            wide.append(little: number)
        }
        var extra = commonExtra(row.member)
        if !wide.isEmpty {
            extra.append(little: 0x0001 as UInt16)
            extra.append(little: UInt16(wide.count))
            extra += wide
        }
        let needs: UInt16 = row.isLarge || !wide.isEmpty ? 45 : 20
        directory.append(little: 0x0201_4B50 as UInt32)
        // Made on Unix, so that permissions are understood.
        directory.append(little: 3 << 8 | 45 as UInt16)
        directory.append(little: needs)
        directory.append(little: flags(row, path))
        directory.append(little: (row.isDeflated ? 8 : 0) as UInt16)
        let (time, date) = Self.dosTime(row.member.modificationTime)
        directory.append(little: time)
        directory.append(little: date)
        directory.append(little: row.checksum)
        directory.append(little: UInt32(clamping: row.compressedSize))
        directory.append(little: UInt32(clamping: row.size))
        directory.append(little: UInt16(path.count))
        directory.append(little: UInt16(extra.count))
        directory.append(little: 0 as UInt16)
        directory.append(little: 0 as UInt16)
        directory.append(little: 0 as UInt16)
        directory.append(little: Self.mode(row.member) << 16 | (row.member.isDirectory ? 0x10 : 0))
        directory.append(little: UInt32(clamping: row.offset))
        directory += path + extra
        count += 1
    }

    mutating func finish() -> [UInt8] {
        let start = offset
        let size = UInt64(directory.count)
        var end: [UInt8] = []
        if start >= Self.limit || size >= Self.limit || count >= UInt64(UInt16.max) {
            end.append(little: 0x0606_4B50 as UInt32)
            end.append(little: 44 as UInt64)
            end.append(little: 3 << 8 | 45 as UInt16)
            end.append(little: 45 as UInt16)
            end.append(little: 0 as UInt32)
            end.append(little: 0 as UInt32)
            end.append(little: count)
            end.append(little: count)
            end.append(little: size)
            end.append(little: start)
            // Where the record before is.
            end.append(little: 0x0706_4B50 as UInt32)
            end.append(little: 0 as UInt32)
            end.append(little: start + size)
            end.append(little: 1 as UInt32)
        }
        end.append(little: 0x0605_4B50 as UInt32)
        end.append(little: 0 as UInt16)
        end.append(little: 0 as UInt16)
        end.append(little: UInt16(clamping: count))
        end.append(little: UInt16(clamping: count))
        end.append(little: UInt32(clamping: size))
        end.append(little: UInt32(clamping: start))
        end.append(little: 0 as UInt16)
        return directory + end
    }

    private static func mode(_ member: ArchiveMember) -> UInt32 {
        let type: UInt32 =
            switch member.kind {
            case .directory: 0o040000
            case .symbolicLink: 0o120000
            default: 0o100000
            }
        return type | member.permissions
    }

    /// Two seconds and 1980 are what the old field can say, in UTC here; the extra field says it right.
    private static func dosTime(_ time: Timestamp) -> (time: UInt16, date: UInt16) {
        let seconds = min(max(time.seconds, 315_532_800), 4_354_819_198)
        let (days, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
        // Years from March on, counted from 2000-03-01 back to 1980.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        return (
            UInt16(truncatingIfNeeded: second / 3600 << 11 | second / 60 % 60 << 5 | second % 60 / 2),
            UInt16(truncatingIfNeeded: (year - 1980) << 9 | month << 5 | day)
        )
    }
}

extension ArchiveMember {
    fileprivate var isDirectory: Bool {
        if case .directory = kind { true } else { false }
    }
}

extension [UInt8] {
    fileprivate mutating func append(little number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}
