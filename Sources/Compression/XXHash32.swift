/// xxHash, 32 bits, seed 0: the checksum inside LZ4 frames.
enum XXHash32 {
    static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        let input = UnsafeRawBufferPointer(bytes)
        var offset = 0
        var hash = prime5
        if input.count >= 16 {
            var (a, b, c, d) = (prime1 &+ prime2, prime2, 0 as UInt32, 0 &- prime1)
            while input.count - offset >= 16 {
                a = round(a, word(input, offset))
                b = round(b, word(input, offset + 4))
                c = round(c, word(input, offset + 8))
                d = round(d, word(input, offset + 12))
                offset += 16
            }
            hash = rotate(a, 1) &+ rotate(b, 7) &+ rotate(c, 12) &+ rotate(d, 18)
        }
        hash &+= UInt32(truncatingIfNeeded: input.count)
        while input.count - offset >= 4 {
            hash = rotate(hash &+ word(input, offset) &* prime3, 17) &* prime4
            offset += 4
        }
        while offset < input.count {
            hash = rotate(hash &+ UInt32(input[offset]) &* prime5, 11) &* prime1
            offset += 1
        }
        hash = (hash ^ hash >> 15) &* prime2
        hash = (hash ^ hash >> 13) &* prime3
        return hash ^ hash >> 16
    }
}

private let prime1: UInt32 = 2_654_435_761
private let prime2: UInt32 = 2_246_822_519
private let prime3: UInt32 = 3_266_489_917
private let prime4: UInt32 = 668_265_263
private let prime5: UInt32 = 374_761_393

@inline(__always)
private func rotate(_ value: UInt32, _ count: UInt32) -> UInt32 { value << count | value >> (32 - count) }

@inline(__always)
private func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
}

@inline(__always)
private func round(_ lane: UInt32, _ input: UInt32) -> UInt32 { rotate(lane &+ input &* prime2, 13) &* prime1 }
