package import ConnectorKit

/// Where blobs lie: every location that the states of a store list, found by blob type and identifier.
///
/// A store of a million files has some three million blobs, so a location takes 48 bytes in one array and the hash
/// table over it four to eight more; there is no object per blob.
package struct BlobIndex: Sendable {
    /// One location of a blob. A blob may have several.
    package struct Location: Sendable {
        package let mac: MAC
        /// Blob type in the highest byte, offset in the data section of the packfile below it.
        private let typeAndOffset: UInt64
        /// Index into the table of packfiles.
        package let packfile: UInt32
        /// Encoded bytes.
        package let length: UInt32

        package var type: UInt8 { UInt8(truncatingIfNeeded: typeAndOffset >> 56) }
        package var offset: UInt64 { typeAndOffset & 0x00FF_FFFF_FFFF_FFFF }

        /// - Returns: nil when the offset is beyond any possible file (2^56 bytes).
        package init?(type: UInt8, mac: MAC, packfile: UInt32, offset: UInt64, length: UInt32) {
            guard offset >> 56 == 0 else { return nil }
            self.mac = mac
            self.typeAndOffset = UInt64(type) << 56 | offset
            self.packfile = packfile
            self.length = length
        }
    }

    package private(set) var locations: [Location] = []

    /// Says where a blob lies that was added before its place was known.
    package mutating func setPlace(of number: Int, packfile: UInt32, offset: UInt64, length: UInt32) {
        let known = locations[number]
        guard
            let placed = Location(
                type: known.type, mac: known.mac, packfile: packfile, offset: offset, length: length)
        else { return }
        locations[number] = placed
    }
    /// Open addressing with linear probing: index of a location plus one, 0 for a free slot. The size is a power of
    /// two and at least a quarter of the slots is free.
    private var slots: [UInt32] = []

    package init() {}

    package mutating func reserveCapacity(_ count: Int) {
        locations.reserveCapacity(count)
        if count * 4 > slots.count * 3 { rebuild(slotsFor: count) }
    }

    package mutating func append(_ location: Location) {
        if (locations.count + 1) * 4 > slots.count * 3 { rebuild(slotsFor: locations.count + 1) }
        locations.append(location)
        place(locations.count - 1)
    }

    /// Removes locations, which is rare, by building the index again.
    package mutating func removeAll(where condition: (Int, Location) -> Bool) {
        var kept: [Location] = []
        for (number, location) in locations.enumerated() where !condition(number, location) { kept.append(location) }
        locations = kept
        rebuild(slotsFor: kept.count)
    }

    /// Calls `body` with the number of each location of a blob, in the order they were added, until it returns a
    /// value.
    package func first<Result>(_ type: UInt8, _ mac: MAC, _ body: (Int) -> Result?) -> Result? {
        guard !slots.isEmpty else { return nil }
        var slot = home(mac)
        while slots[slot] != 0 {
            let number = Int(slots[slot]) - 1
            if locations[number].mac == mac, locations[number].type == type, let result = body(number) {
                return result
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func home(_ mac: MAC) -> Int { mac.hashValue & (slots.count - 1) }

    private mutating func place(_ number: Int) {
        var slot = home(locations[number].mac)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt32(number + 1)
    }

    private mutating func rebuild(slotsFor count: Int) {
        var size = 64
        while count * 4 > size * 3 { size *= 2 }
        slots = [UInt32](repeating: 0, count: size)
        for number in locations.indices { place(number) }
    }
}
