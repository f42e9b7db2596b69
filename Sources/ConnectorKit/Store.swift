/// A 32-byte identifier of the Kloset format: a keyed digest, or random (Kloset format, section 1).
public struct MAC: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64)

    /// All zero bytes: "nothing" wherever the format has a MAC that may be unset.
    public static let zero = MAC(words: (0, 0, 0, 0))

    private init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// - Returns: nil unless there are exactly 32 bytes.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        self.init { $0.copyBytes(from: bytes) }
    }

    /// The 32 bytes from `offset` on, without a copy: states and trees hold millions of identifiers.
    ///
    /// - Returns: nil when `bytes` ends before.
    public init?(_ bytes: [UInt8], at offset: Int) {
        guard offset >= 0, offset <= bytes.count - 32 else { return nil }
        self.init(
            words: (
                Self.word(bytes, offset), Self.word(bytes, offset + 8), Self.word(bytes, offset + 16),
                Self.word(bytes, offset + 24)
            ))
    }

    /// The 32 bytes that `body` writes into a buffer of zeros, which takes no memory of its own.
    package init(filling body: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        try withUnsafeMutableBytes(of: &words) { try body($0) }
        self.init(words: (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian))
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
        bytes.withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
    }

    /// - Returns: nil unless `hex` is exactly 64 hexadecimal digits.
    public init?(hex: some StringProtocol) {
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in hex.utf8 {
            guard let digit = Self.value(ofHexDigit: character) else { return nil }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        guard high == nil else { return nil }
        self.init(bytes)
    }

    /// 32 bytes from the system's random number generator.
    public static func random() -> MAC {
        var generator = SystemRandomNumberGenerator()
        return MAC(words: (generator.next(), generator.next(), generator.next(), generator.next()))
    }

    public var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(32)
        append(to: &result)
        return result
    }

    /// Writes the 32 bytes behind what is there.
    public func append(to bytes: inout [UInt8]) {
        let words = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
        withUnsafeBytes(of: words) { bytes.append(contentsOf: $0) }
    }

    /// 64 lower-case hexadecimal digits.
    public var hex: String {
        String(unsafeUninitializedCapacity: 64) { text in
            var position = 0
            for word in [words.0, words.1, words.2, words.3] {
                for shift in stride(from: 60, through: 0, by: -4) {
                    let digit = UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 15
                    text[position] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                    position += 1
                }
            }
            return position
        }
    }

    private static func value(ofHexDigit character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    public static func == (a: MAC, b: MAC) -> Bool { a.words == b.words }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

extension MAC: Comparable, CustomStringConvertible {
    /// Bytewise, as the hexadecimal forms sort.
    public static func < (a: MAC, b: MAC) -> Bool { a.words < b.words }

    public var description: String { hex }
}

/// The kinds of objects that a store keeps beside its configuration; the numbers travel to plug-ins.
public enum StoreResource: UInt8, CaseIterable, Sendable {
    case packfile = 1
    case state = 2
    case lock = 3
}

/// What a store can do; the numbers travel to plug-ins.
public struct StoreMode: OptionSet, Hashable, Sendable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }

    public static let writable = StoreMode(rawValue: 2)
    public static let readable = StoreMode(rawValue: 4)
}

/// Where the objects of a Kloset store live: a folder, an archive, a bucket. A store knows nothing of what is
/// in the objects (plug-in protocol, section 4.3).
public protocol Store: Sendable {
    /// Where it is, for people and without credentials.
    var location: String { get }

    /// Writes the configuration of a new store; an error when one is there already.
    func create(configuration: [UInt8]) async throws

    /// The configuration that ``create(configuration:)`` wrote.
    func open() async throws -> [UInt8]

    var mode: StoreMode { get async throws }

    /// Every object of a kind, in any order. An incomplete listing is an error, never a short list.
    func list(_ resource: StoreResource) async throws -> [MAC]

    /// Stores an object under a name, replacing one of that name. When it returns, the whole object is there and
    /// survives a loss of power; when it throws, there is nothing new under that name.
    func put(_ resource: StoreResource, _ mac: MAC, _ bytes: [UInt8]) async throws

    /// Begins to store an object whose bytes come piece by piece, with what ``put(_:_:_:)`` promises for the whole.
    /// Stores that do not implement it collect the pieces in memory.
    func upload(_ resource: StoreResource, _ mac: MAC) async throws -> any StoreUpload

    /// - Parameter range: bytes of the object; nil for all. An object that is shorter is an error.
    func get(_ resource: StoreResource, _ mac: MAC, range: Range<UInt64>?) async throws -> [UInt8]

    /// The bytes of an object, where that can be told without reading it: readers then fetch neighbours together
    /// and never reach beyond its end. Without a size every part is fetched by itself.
    func size(of resource: StoreResource, _ mac: MAC) async throws -> UInt64?

    /// Removes an object; one that is already gone is no error.
    func delete(_ resource: StoreResource, _ mac: MAC) async throws

    func close() async
}

/// An object on its way into a store. One task at a time works on it. Nothing is there under the name until
/// ``finish()`` has returned, and nothing is left when ``abort()`` has.
public protocol StoreUpload: AnyObject, Sendable {
    func append(_ piece: [UInt8]) async throws

    /// Makes the object visible and durable.
    func finish() async throws

    /// Gives up; also called after an error of the other two.
    func abort() async
}

extension Store {
    public func size(of resource: StoreResource, _ mac: MAC) async throws -> UInt64? { nil }

    public func upload(_ resource: StoreResource, _ mac: MAC) async throws -> any StoreUpload {
        CollectedUpload(store: self, resource: resource, mac: mac)
    }
}

/// For stores that take an object only as a whole.
private actor CollectedUpload: StoreUpload {
    private let store: any Store
    private let resource: StoreResource
    private let mac: MAC
    private var bytes: [UInt8] = []

    init(store: any Store, resource: StoreResource, mac: MAC) {
        self.store = store
        self.resource = resource
        self.mac = mac
    }

    func append(_ piece: [UInt8]) { bytes.append(contentsOf: piece) }

    func finish() async throws {
        let whole = bytes
        bytes = []
        try await store.put(resource, mac, whole)
    }

    func abort() { bytes = [] }
}
