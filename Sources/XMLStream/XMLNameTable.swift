import Glibc

/// Turns the parser's raw names into `XMLName` values, each built once per document.
///
/// Open addressing over a hash of the raw bytes; the number of names is bounded, so the table is too.
struct XMLNameTable {
    /// Separates namespace and local part in expat's names. A form feed is not an XML character, so no name holds it.
    static let separator: UInt8 = 0x0C

    private struct Entry {
        let hash: UInt64
        /// In `raw`.
        let start: Int
        let count: Int
    }

    private var entries: [Entry] = []
    private var names: [XMLName] = []
    /// The raw names, one after the other.
    private var raw: [UInt8] = []
    /// Indexes into `entries`, -1 when free; a power of two, at most half full.
    private var slots = [Int32](repeating: -1, count: 64)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// The name at a place that ``intern(_:)`` gave.
    subscript(place: Int) -> XMLName { names[place] }

    /// The place of the name written as `namespace FF local`; nil when there are more names than allowed.
    mutating func intern(_ name: UnsafeBufferPointer<UInt8>) -> Int? {
        let hash = Self.hash(name)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let place = Int(slots[slot])
            if isEqual(entries[place], hash, name) { return place }
            slot = (slot + 1) & (slots.count - 1)
        }
        guard entries.count < limit else { return nil }
        slots[slot] = Int32(entries.count)
        entries.append(Entry(hash: hash, start: raw.count, count: name.count))
        raw.append(contentsOf: name)
        names.append(Self.name(name))
        if entries.count * 2 > slots.count { grow() }
        return entries.count - 1
    }

    private func isEqual(_ entry: Entry, _ hash: UInt64, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        guard entry.hash == hash, entry.count == name.count, let other = name.baseAddress else { return false }
        return raw.withUnsafeBufferPointer { raw in
            raw.baseAddress.map { memcmp($0 + entry.start, other, entry.count) == 0 } ?? false
        }
    }

    private static func name(_ raw: UnsafeBufferPointer<UInt8>) -> XMLName {
        guard let separator = raw.firstIndex(of: separator) else {
            return XMLName("", String(decoding: raw, as: UTF8.self))
        }
        return XMLName(
            String(decoding: raw[..<separator], as: UTF8.self),
            String(decoding: raw[(separator + 1)...], as: UTF8.self))
    }

    /// Eight bytes at a time: every element and attribute of a document comes by here.
    private static func hash(_ name: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let bytes = UnsafeRawBufferPointer(name)
        var hash = UInt64(bytes.count)
        func add(_ word: UInt64) {
            hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 29
        }
        var offset = 0
        while offset + 8 <= bytes.count {
            add(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < bytes.count {
            rest = rest << 8 | UInt64(bytes[offset])
            offset += 1
        }
        add(rest)
        return hash
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        for (index, entry) in entries.enumerated() {
            var slot = Int(truncatingIfNeeded: entry.hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(index)
        }
    }
}
