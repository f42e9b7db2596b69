/// Content-defined chunking: cuts data where its own bytes say so, so that an insertion moves only the chunks
/// around it (Kloset format, section 10).
package struct FastCDC: Sendable {
    /// Which masks decide about a cut.
    package enum Variant: Hashable, Sendable {
        /// `fastcdc`: fixed masks, whatever the sizes; the default of version 1.0 stores.
        case legacy
        /// `fastcdc-v1.0.0`: masks that follow from the normal size.
        case version1

        /// By the name in a store's configuration, in any case; nil for an algorithm that we do not have.
        package init?(named name: String) {
            switch name.lowercased() {
            case "fastcdc": self = .legacy
            case "fastcdc-v1.0.0": self = .version1
            default: return nil
            }
        }
    }

    /// The sizes that are accepted, in bytes.
    package static let validSizes = 64...(1 << 30)

    package let variant: Variant
    /// No chunk is shorter, except the last of a stream.
    package let minimum: Int
    /// The size from which a cut becomes more likely.
    package let normal: Int
    /// No chunk is longer.
    package let maximum: Int

    private let smallMask: UInt64
    private let largeMask: UInt64

    /// - Returns: nil unless 64 <= minimum <= normal <= maximum <= 1 GiB.
    package init?(_ variant: Variant, minimum: Int, normal: Int, maximum: Int) {
        guard Self.validSizes.contains(minimum), Self.validSizes.contains(maximum), minimum <= normal, normal <= maximum
        else { return nil }
        self.variant = variant
        self.minimum = minimum
        self.normal = normal
        self.maximum = maximum
        if variant == .legacy || (minimum, normal, maximum) == (2048, 8192, 65536) {
            smallMask = 0x0003_5907_0353_0000
            largeMask = 0x0000_d900_0353_0000
        } else {
            let bits = Int.bitWidth - 1 - normal.leadingZeroBitCount
            smallMask = Self.spread(bits + 2)
            largeMask = Self.spread(bits - 2)
        }
    }

    /// A mask of `count` bits, evenly apart from the highest bit downwards.
    static func spread(_ count: Int) -> UInt64 {
        let step = 64 / count
        return (0..<count).reduce(0) { mask, index in mask | 1 << UInt64(63 - index * step) }
    }

    /// The length of the first chunk of `window`.
    ///
    /// - Parameter window: the data from the end of the chunk before, at least ``maximum`` bytes unless the data
    ///   end earlier: a shorter window would move the cuts. ``ChunkSplitter`` takes data in any pieces.
    /// - Returns: 1 ... maximum; 0 only for an empty window.
    package func nextCut(in window: Span<UInt8>) -> Int {
        var scan = Scan()
        let count = min(window.count, maximum)
        return window.withUnsafeBufferPointer { advance(&scan, UnsafeBufferPointer(rebasing: $0[..<count])) } ?? count
    }

    /// See ``nextCut(in:)-(Span<UInt8>)``.
    package func nextCut(in window: [UInt8]) -> Int { nextCut(in: window.span) }

    /// How far the current chunk has been looked at.
    struct Scan {
        /// Bytes since the beginning of the chunk.
        var length = 0
        var fingerprint: UInt64 = 0
    }

    /// Looks at the next bytes of a chunk.
    ///
    /// - Returns: how many of `bytes` belong to the chunk that ends among them; nil when they all do, which makes
    ///   it longer. The chunk must not be longer than ``maximum`` in the end.
    func advance(_ scan: inout Scan, _ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        // The first bytes of a chunk are not even fed to the fingerprint.
        var index = min(bytes.count, max(0, minimum - scan.length))
        var fingerprint = scan.fingerprint
        let barrier = min(bytes.count, max(index, normal - scan.length))
        let isCut = Self.gear.withUnsafeBufferPointer { gear in
            Self.roll(&fingerprint, gear, bytes, from: &index, to: barrier, mask: smallMask)
                || Self.roll(&fingerprint, gear, bytes, from: &index, to: bytes.count, mask: largeMask)
        }
        scan.fingerprint = fingerprint
        scan.length += bytes.count
        return isCut ? index : nil
    }

    /// Feeds bytes to the fingerprint until one decides for a cut.
    ///
    /// - Returns: whether there is a cut; then `index` is the byte that decided, which belongs to the next chunk.
    @inline(__always)
    private static func roll(
        _ fingerprint: inout UInt64, _ gear: UnsafeBufferPointer<UInt64>, _ bytes: UnsafeBufferPointer<UInt8>,
        from index: inout Int, to end: Int, mask: UInt64
    ) -> Bool {
        var print = fingerprint
        defer { fingerprint = print }
        // Eight bytes from one load: what the loop itself costs is then spread over all of them.
        let raw = UnsafeRawBufferPointer(bytes)
        while index &+ 8 <= end {
            var word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            for offset in 0..<8 {
                print = print &<< 1 &+ gear[Int(truncatingIfNeeded: word & 0xFF)]
                if print & mask == 0 {
                    index &+= offset
                    return true
                }
                word &>>= 8
            }
            index &+= 8
        }
        while index < end {
            print = print &<< 1 &+ gear[Int(bytes[index])]
            if print & mask == 0 { return true }
            index &+= 1
        }
        return false
    }
}
