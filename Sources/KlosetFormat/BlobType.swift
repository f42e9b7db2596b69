public import ConnectorKit

/// The kinds of blobs in packfiles (Kloset format, section 1). Unknown numbers are kept: a newer engine may have
/// written them.
public struct BlobType: RawRepresentable, Hashable, Sendable {
    /// One byte in states, four in packfile indexes; the engine uses nothing above 255.
    public var rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let snapshot = BlobType(rawValue: 5)
    public static let signature = BlobType(rawValue: 6)
    public static let object = BlobType(rawValue: 7)
    public static let chunk = BlobType(rawValue: 9)
    public static let entryRoot = BlobType(rawValue: 10)
    public static let entryNode = BlobType(rawValue: 11)
    public static let entry = BlobType(rawValue: 12)
    public static let errorRoot = BlobType(rawValue: 13)
    public static let errorNode = BlobType(rawValue: 14)
    public static let error = BlobType(rawValue: 15)
    public static let attributeRoot = BlobType(rawValue: 16)
    public static let attributeNode = BlobType(rawValue: 17)
    public static let attribute = BlobType(rawValue: 18)
    /// The root of any other tree: content types, dirpacks, summaries.
    public static let indexRoot = BlobType(rawValue: 19)
    public static let indexNode = BlobType(rawValue: 20)
    /// Not in stores of the 1.0 line.
    public static let summary = BlobType(rawValue: 21)
    /// Random bytes that hide where blobs begin; stored as they are, neither compressed nor encrypted.
    public static let padding = BlobType(rawValue: 255)

    /// Whether the identifier of such a blob is the digest of its plaintext; the others are random, or the
    /// identifier of a snapshot (Kloset format, section 7.5).
    public var isContentAddressed: Bool { self != .snapshot && self != .signature && self != .padding }
}

extension BlobType: CustomStringConvertible {
    /// The engine's own name, as in `plakar diag`.
    public var description: String {
        switch self {
        case .snapshot: "snapshot"
        case .signature: "signature"
        case .object: "object"
        case .chunk: "chunk"
        case .entryRoot: "vfs-btree"
        case .entryNode: "vfs-node"
        case .entry: "vfs-entry"
        case .errorRoot: "error-btree"
        case .errorNode: "error-node"
        case .error: "error-entry"
        case .attributeRoot: "xattr-btree"
        case .attributeNode: "xattr-node"
        case .attribute: "xattr-entry"
        case .indexRoot: "btree-root"
        case .indexNode: "btree-node"
        case .summary: "vfs-summary"
        case .padding: "random"
        default: "type \(rawValue)"
        }
    }
}

/// What identifies a blob: the same MAC under two types is two blobs.
public struct BlobID: Hashable, Sendable, CustomStringConvertible {
    public var type: BlobType
    public var mac: MAC

    public init(_ type: BlobType, _ mac: MAC) {
        self.type = type
        self.mac = mac
    }

    public var description: String { "\(type) \(mac)" }
}
