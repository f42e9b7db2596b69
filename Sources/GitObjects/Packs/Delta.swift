import Glibc

/// A git delta: instructions that make an object out of another (gitformat-pack, "Deltified representation").
enum Delta {
    static func apply(_ delta: [UInt8], to base: [UInt8], limit: Int) throws(GitError) -> [UInt8] {
        var reader = ByteReader(delta)
        guard let baseSize = reader.littleEndianVarint(), let resultSize = reader.littleEndianVarint() else {
            throw GitError(.corrupt, "A delta ends within its sizes.")
        }
        guard baseSize == base.count else {
            throw GitError(.corrupt, "A delta is for a base of \(baseSize) bytes, its base has \(base.count).")
        }
        guard resultSize <= limit else {
            throw GitError(.limitExceeded, "A delta makes an object larger than \(limit) bytes.")
        }
        var result: [UInt8] = []
        result.reserveCapacity(resultSize)
        while let instruction = reader.byte() {
            if instruction & 0x80 != 0 {
                guard let (offset, size) = copyRange(instruction, &reader), offset <= base.count,
                    size <= base.count - offset, size <= resultSize - result.count
                else { throw GitError(.corrupt, "A delta copies bytes that its base does not have.") }
                result.append(contentsOf: base[offset..<(offset + size)])
            } else {
                let size = Int(instruction)
                guard size > 0, size <= reader.remaining, size <= resultSize - result.count else {
                    throw GitError(.corrupt, "A delta inserts bytes that it does not have.")
                }
                result.append(contentsOf: delta[reader.position..<(reader.position + size)])
                reader.position += size
            }
        }
        guard result.count == resultSize else {
            throw GitError(.corrupt, "A delta makes \(result.count) bytes instead of \(resultSize).")
        }
        return result
    }

    /// Whether `apply` would make exactly `result`; makes nothing itself.
    static func makes(_ result: [UInt8], from base: [UInt8], _ delta: [UInt8]) -> Bool {
        var reader = ByteReader(delta)
        guard reader.littleEndianVarint() == base.count, reader.littleEndianVarint() == result.count else {
            return false
        }
        return base.withUnsafeBytes { base in
            result.withUnsafeBytes { result in
                delta.withUnsafeBytes { delta in
                    var done = 0
                    while let instruction = reader.byte() {
                        let source: Slice<UnsafeRawBufferPointer>
                        if instruction & 0x80 != 0 {
                            guard let (offset, size) = copyRange(instruction, &reader), offset <= base.count,
                                size <= base.count - offset
                            else { return false }
                            source = base[offset..<(offset + size)]
                        } else {
                            let size = Int(instruction)
                            guard size > 0, size <= reader.remaining else { return false }
                            source = delta[reader.position..<(reader.position + size)]
                            reader.position += size
                        }
                        guard source.count <= result.count - done else { return false }
                        let made = UnsafeRawBufferPointer(rebasing: result[done..<(done + source.count)])
                        guard areEqual(UnsafeRawBufferPointer(rebasing: source), made) else { return false }
                        done += source.count
                    }
                    return done == result.count
                }
            }
        }
    }

    private static func areEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        guard let first = a.baseAddress, let second = b.baseAddress else { return a.count == b.count }
        return a.count == b.count && memcmp(first, second, a.count) == 0
    }

    private static func copyRange(_ instruction: UInt8, _ reader: inout ByteReader) -> (offset: Int, size: Int)? {
        var offset = 0
        var size = 0
        for bit in 0..<4 where instruction & (1 << bit) != 0 {
            guard let byte = reader.byte() else { return nil }
            offset |= Int(byte) << (8 * bit)
        }
        for bit in 0..<3 where instruction & (0x10 << bit) != 0 {
            guard let byte = reader.byte() else { return nil }
            size |= Int(byte) << (8 * bit)
        }
        return (offset, size == 0 ? 0x10000 : size)
    }
}
