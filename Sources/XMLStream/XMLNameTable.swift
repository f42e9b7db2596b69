/// Turns the parser's raw names into `XMLName` values, each built once per document.
///
/// Open addressing over a hash of the raw bytes; the number of names is bounded, so the table is too.
struct XMLNameTable {
    /// Separates namespace and local part in expat's names. A form feed is not an XML character, so no name holds it.
    static let separator: UInt8 = 0x0C

    private struct Entry {
        let hash: UInt
        let raw: [UInt8]
        let name: XMLName
    }

    private var entries: [Entry] = []
    /// Indexes into `entries`, -1 when free; a power of two, at most half full.
    private var slots = [Int32](repeating: -1, count: 64)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// The name written as `namespace FF local` in `raw`; nil when there are more names than allowed.
    mutating func intern(_ raw: UnsafeBufferPointer<UInt8>) -> XMLName? {
        var hash: UInt = 14_695_981_039_346_656_037
        for byte in raw { hash = (hash ^ UInt(byte)) &* 1_099_511_628_211 }
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let entry = entries[Int(slots[slot])]
            if entry.hash == hash, entry.raw.elementsEqual(raw) { return entry.name }
            slot = (slot + 1) & (slots.count - 1)
        }
        guard entries.count < limit else { return nil }
        let name: XMLName
        if let separator = raw.firstIndex(of: Self.separator) {
            name = XMLName(
                String(decoding: raw[..<separator], as: UTF8.self),
                String(decoding: raw[(separator + 1)...], as: UTF8.self))
        } else {
            name = XMLName("", String(decoding: raw, as: UTF8.self))
        }
        slots[slot] = Int32(entries.count)
        entries.append(Entry(hash: hash, raw: Array(raw), name: name))
        if entries.count * 2 > slots.count { grow() }
        return name
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
