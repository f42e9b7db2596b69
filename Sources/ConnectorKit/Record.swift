/// One thing that an importer found, or that an exporter is to create.
public struct Record: Sendable {
    /// Where it lies; for an attribute, the path of the file that carries it.
    public var path: BytePath
    public var kind: Kind
    /// Required for every sound record that is not an attribute.
    public var info: FileInfo?
    /// The target of a symbolic link, not resolved.
    public var symbolicLinkTarget: [UInt8]?
    /// Names of the extended attributes of this entry, sorted bytewise; the values are records of their own.
    public var extendedAttributeNames: [[UInt8]]
    public var content: Content
    /// Why this path could not be read; nil for a sound record. A record with an error needs only a path.
    public var error: String?

    public enum Kind: Hashable, Sendable {
        case entry
        case extendedAttribute(name: [UInt8], kind: AttributeKind)
    }

    /// The numbers that travel to plug-ins and into stores.
    public enum AttributeKind: UInt8, Sendable {
        case extended = 0
        case alternateDataStream = 1
        case custom = 2
    }

    public enum Content: Sendable {
        /// Nothing to read: directories, links, devices, errors.
        case none
        /// The bytes are already here; for small objects that a connector fetches in batches.
        case inline([UInt8])
        /// To be read through ``Importer/open(_:)``, once.
        case onDemand
    }

    public init(
        path: BytePath, kind: Kind = .entry, info: FileInfo?, symbolicLinkTarget: [UInt8]? = nil,
        extendedAttributeNames: [[UInt8]] = [], content: Content = .none, error: String? = nil
    ) {
        self.path = path
        self.kind = kind
        self.info = info
        self.symbolicLinkTarget = symbolicLinkTarget
        self.extendedAttributeNames = extendedAttributeNames
        self.content = content
        self.error = error
    }

    /// A path that could not be read, and why.
    public static func failed(_ path: BytePath, error: String) -> Record {
        Record(path: path, info: nil, error: error)
    }
}

/// The bytes of one file or attribute, read once from the beginning to the end.
public protocol ContentReader: AnyObject, Sendable {
    /// The next bytes, never an empty array; nil at the end. An importer may return pieces of any size up to a
    /// few MiB.
    func next() async throws -> [UInt8]?

    /// Releases what reading holds. Called exactly once, also after an error or before the end.
    func close() async
}

/// A reader over bytes that are already in memory.
public actor InlineContentReader: ContentReader {
    private var bytes: [UInt8]?

    public init(_ bytes: [UInt8]) { self.bytes = bytes.isEmpty ? nil : bytes }

    public func next() -> [UInt8]? {
        defer { bytes = nil }
        return bytes
    }

    public func close() { bytes = nil }
}
