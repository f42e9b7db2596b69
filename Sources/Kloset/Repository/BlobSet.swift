import ConnectorKit
import KlosetFormat

/// Which blobs somebody has seen: 33 bytes for each and a hash table over them, in pages, so that growing copies
/// nothing.
struct BlobSet: Sendable {
    private struct Page: Sendable {
        var macs: [MAC] = []
        var types: [UInt8] = []
    }

    private static let pageBits = 14
    private var pages: [Page] = []
    private(set) var count = 0
    private var table = ProbeTable()

    func contains(_ id: BlobID) -> Bool { table.first(id.mac) { matches($0, id) ? true : nil } ?? false }

    /// - Returns: false when the blob is there already.
    mutating func insert(_ id: BlobID) -> Bool {
        guard !contains(id) else { return false }
        if count & (1 << Self.pageBits - 1) == 0 {
            var page = Page()
            page.macs.reserveCapacity(1 << Self.pageBits)
            page.types.reserveCapacity(1 << Self.pageBits)
            pages.append(page)
        }
        pages[pages.count - 1].macs.append(id.mac)
        pages[pages.count - 1].types.append(id.type.rawValue)
        count += 1
        if table.mustGrow(for: count) {
            table.grow(for: count)
            for number in 0..<count { table.place(mac(number), number) }
        } else {
            table.place(id.mac, count - 1)
        }
        return true
    }

    private func mac(_ number: Int) -> MAC { pages[number >> Self.pageBits].macs[number & (1 << Self.pageBits - 1)] }

    private func matches(_ number: Int, _ id: BlobID) -> Bool {
        mac(number) == id.mac
            && pages[number >> Self.pageBits].types[number & (1 << Self.pageBits - 1)] == id.type.rawValue
    }
}

/// Open addressing with linear probing over things that lie elsewhere and are called by numbers.
struct ProbeTable: Sendable {
    /// A number plus one, 0 for a free slot. The size is a power of two and at least a quarter of the slots is free.
    private var slots: [UInt32] = []

    func mustGrow(for count: Int) -> Bool { count * 4 > slots.count * 3 }

    /// Forgets everything and makes room for `count` numbers; all have to be placed again.
    mutating func grow(for count: Int) {
        var size = 64
        while count * 4 > size * 3 { size *= 2 }
        // The old table goes before the new one comes.
        slots = []
        slots = [UInt32](repeating: 0, count: size)
    }

    mutating func place(_ mac: MAC, _ number: Int) {
        var slot = mac.hashValue & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt32(number + 1)
    }

    /// Calls `body` with each number that may be that of `mac`, in the order they were placed, until it returns a
    /// value.
    func first<Result>(_ mac: MAC, _ body: (Int) -> Result?) -> Result? {
        guard !slots.isEmpty else { return nil }
        var slot = mac.hashValue & (slots.count - 1)
        while slots[slot] != 0 {
            if let result = body(Int(slots[slot]) - 1) { return result }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }
}
