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

        fileprivate static let none = Location(type: 0, mac: .zero)

        private init(type: UInt8, mac: MAC) {
            self.mac = mac
            typeAndOffset = UInt64(type) << 56
            packfile = 0
            length = 0
        }

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

    /// All locations in the order they were added, in pages, so that growing copies nothing.
    package struct Locations: RandomAccessCollection, Sendable {
        private static let pageBits = 14
        private var pages: [[Location]] = []
        package private(set) var count = 0

        package var startIndex: Int { 0 }
        package var endIndex: Int { count }

        package subscript(number: Int) -> Location {
            pages[number >> Self.pageBits][number & (1 << Self.pageBits - 1)]
        }

        /// In the cache the locations stand as they do in memory.
        fileprivate func write(to writer: inout CacheWriter) throws {
            try writer.write(UInt64(count))
            for page in pages { try page.withUnsafeBytes { try writer.write($0) } }
        }

        fileprivate init() {}

        fileprivate init(_ reader: inout CacheReader) throws {
            var missing = try reader.count(size: MemoryLayout<Location>.stride)
            count = missing
            while missing > 0 {
                let size = Swift.min(missing, 1 << Self.pageBits)
                var page: [Location] = []
                page.reserveCapacity(1 << Self.pageBits)
                for _ in 0..<size { page.append(try reader.location()) }
                pages.append(page)
                missing -= size
            }
        }

        fileprivate mutating func append(_ location: Location) {
            if count & (1 << Self.pageBits - 1) == 0 {
                var page: [Location] = []
                page.reserveCapacity(1 << Self.pageBits)
                pages.append(page)
            }
            pages[pages.count - 1].append(location)
            count += 1
        }
    }

    package private(set) var locations = Locations()
    private var table = ProbeTable()

    package init() {}

    package mutating func reserveCapacity(_ count: Int) { if table.mustGrow(for: count) { rebuild(for: count) } }

    package mutating func append(_ location: Location) {
        reserveCapacity(locations.count + 1)
        locations.append(location)
        table.place(location.mac, locations.count - 1)
    }

    /// Removes locations, which is rare, by building the index again.
    package mutating func removeAll(where condition: (Int, Location) -> Bool) {
        var kept = Locations()
        for (number, location) in locations.enumerated() where !condition(number, location) { kept.append(location) }
        locations = kept
        rebuild(for: kept.count)
    }

    /// Calls `body` with the number of each location of a blob, in the order they were added, until it returns a
    /// value.
    package func first<Result>(_ type: UInt8, _ mac: MAC, _ body: (Int) -> Result?) -> Result? {
        table.first(mac) { number in
            let location = locations[number]
            return location.mac == mac && location.type == type ? body(number) : nil
        }
    }

    private mutating func rebuild(for count: Int) {
        table.grow(for: count)
        for number in locations.indices { table.place(locations[number].mac, number) }
    }

    func write(to writer: inout CacheWriter) throws { try locations.write(to: &writer) }

    /// - Parameter packfiles: how many there are for the locations to name.
    init(_ reader: inout CacheReader, packfiles: Int) throws {
        locations = try Locations(&reader)
        guard locations.allSatisfy({ $0.packfile < packfiles }) else { throw CacheMiss() }
        rebuild(for: locations.count)
    }
}

extension CacheReader {
    /// A location as it stood in memory: all of it is numbers, any value of which is one.
    fileprivate mutating func location() throws -> BlobIndex.Location {
        var location = BlobIndex.Location.none
        try withUnsafeMutableBytes(of: &location) { try fill($0) }
        return location
    }
}
