import ConnectorKit
import KlosetFormat

/// What a check has found out so far, so that nothing is read twice however many snapshots refer to it.
///
/// Everything is kept by the number of the blob's location, a few bytes each: a store of a million files has three
/// million blobs.
struct CheckLedger {
    let aggregate: StateAggregate
    private var marks: [Mark]
    private var sizes: [UInt32]
    /// Sizes that 32 bits do not hold.
    private var largeSizes: [Int: UInt64] = [:]
    private var wounds: [Int: [Wound]] = [:]
    /// Under which path an entry was found sound, as a hash; only where it may come again.
    private var pathHashes: [Int] = []

    /// Something that is wrong with an object: every path that uses it is hurt.
    struct Wound {
        let blob: BlobID
        let reason: String
    }

    struct Mark: OptionSet {
        let rawValue: UInt8
        /// The object was examined; its size and wounds are known.
        static let examined = Mark(rawValue: 1)
        /// The entry and the object it names are sound.
        static let sound = Mark(rawValue: 2)
        static let isDirectory = Mark(rawValue: 4)
        static let isNoDirectory = Mark(rawValue: 8)
        /// What stored listings say of the entry.
        static let listedAsDirectory = Mark(rawValue: 16)
        static let listedAsOther = Mark(rawValue: 32)
    }

    /// - Parameter severalSnapshots: whether entries are likely to come more than once.
    init(_ aggregate: StateAggregate, severalSnapshots: Bool) {
        self.aggregate = aggregate
        let count = aggregate.blobs.locations.count
        marks = [Mark](repeating: [], count: count)
        sizes = [UInt32](repeating: 0, count: count)
        if severalSnapshots { pathHashes = [Int](repeating: 0, count: count) }
    }

    // MARK: Objects

    /// Bytes of an object that was examined, and what is wrong with it; nil for one that was not.
    func examination(of number: Int) -> (size: UInt64?, wounds: [Wound])? {
        guard marks[number].contains(.examined) else { return nil }
        let size = sizes[number] == .max ? largeSizes[number] : UInt64(sizes[number])
        return (size, wounds[number] ?? [])
    }

    /// - Parameter size: nil when the object could not be read.
    mutating func note(_ number: Int, size: UInt64?, wounds: [Wound]) {
        marks[number].insert(.examined)
        if let size, let small = UInt32(exactly: size), small != .max {
            sizes[number] = small
        } else {
            sizes[number] = .max
            largeSizes[number] = size
        }
        if !wounds.isEmpty { self.wounds[number] = wounds }
    }

    // MARK: Entries

    /// Whether the entry was found sound before, at this very path.
    func isSound(_ number: Int, at key: [UInt8]) -> Bool {
        !pathHashes.isEmpty && marks[number].contains(.sound) && pathHashes[number] == key.hashValue
    }

    func isDirectory(_ number: Int) -> Bool { marks[number].contains(.isDirectory) }

    mutating func noteSound(_ number: Int, at key: [UInt8]) {
        guard !pathHashes.isEmpty else { return }
        marks[number].insert(.sound)
        pathHashes[number] = key.hashValue
    }

    /// - Returns: false when a stored listing said otherwise.
    mutating func noteKind(_ number: Int, isDirectory: Bool) -> Bool {
        marks[number].insert(isDirectory ? .isDirectory : .isNoDirectory)
        return !marks[number].contains(isDirectory ? .listedAsOther : .listedAsDirectory)
    }

    /// What a stored listing says of an entry, which is itself read later.
    ///
    /// - Returns: false when the entry is known to be otherwise.
    mutating func noteListed(_ number: Int, asDirectory: Bool) -> Bool {
        marks[number].insert(asDirectory ? .listedAsDirectory : .listedAsOther)
        return !marks[number].contains(asDirectory ? .isNoDirectory : .isDirectory)
    }
}
