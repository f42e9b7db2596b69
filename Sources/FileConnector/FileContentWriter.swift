internal import ConnectorKit

/// Writes content to a file that is new and empty, and leaves holes where it is zeros.
struct FileContentWriter {
    /// Holes are made in whole blocks of the common file systems.
    private static let block = 4096

    private let file: Descriptor
    private var offset: Int64 = 0
    /// Where the last byte was really written.
    private var written: Int64 = 0

    init(_ file: Descriptor) { self.file = file }

    mutating func append(_ bytes: [UInt8]) throws(SystemError) {
        var failure: SystemError?
        bytes.withUnsafeBytes { bytes in
            do throws(SystemError) {
                try append(bytes)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        let origin = offset
        func blockEnd(_ start: Int) -> Int {
            min(bytes.count, start + Self.block - Int((origin + Int64(start)) % Int64(Self.block)))
        }
        var start = 0
        while start < bytes.count {
            var end = blockEnd(start)
            let isHole = Self.isHole(bytes[start..<end])
            while end < bytes.count, Self.isHole(bytes[end..<blockEnd(end)]) == isHole { end = blockEnd(end) }
            if !isHole {
                try file.write(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), at: origin + Int64(start))
                written = origin + Int64(end)
            }
            start = end
        }
        offset = origin + Int64(bytes.count)
    }

    /// Whether these bytes are one whole block of zeros.
    private static func isHole(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard bytes.count == block, bytes.first == 0 else { return false }
        let bytes = UnsafeRawBufferPointer(rebasing: bytes)
        for offset in stride(from: 0, to: block, by: 8) {
            if bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) != 0 { return false }
        }
        return true
    }

    /// Gives the file its size, which a hole at the end does not.
    func finish() throws(SystemError) {
        if written < offset { try file.setSize(offset) }
    }
}
