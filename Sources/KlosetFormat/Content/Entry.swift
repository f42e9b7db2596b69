public import ConnectorKit

/// One path of a snapshot: a file, a directory, a link (Kloset messages, section 5).
///
/// The encoding must be, byte for byte, what the Go engine would write: when it makes a backup on top of ours, it
/// encodes the entries of unchanged files anew, names the result in its tree and does not store it again.
public struct Entry: Hashable, Sendable {
    public var version: FormatVersion
    /// The directory that holds it; the root holds itself.
    public var parentPath: BytePath
    public var info: FileInfo
    /// Where a symbolic link points, not resolved. A link is told by its mode, not by this.
    public var symbolicLinkTarget: [UInt8]
    /// The identifier of the ``Object`` with the content; zero when there is none.
    public var object: MAC
    /// The MIME type of the content; empty for directories, ``notRegularContentType`` for links and devices, never
    /// empty for regular files.
    public var contentType: ByteString
    /// Of the content, as in ``Object/entropy``.
    public var entropy: Double
    /// Chunks of the content.
    public var chunkCount: UInt64
    /// Names only, sorted bytewise; the values are in the tree of attributes.
    public var extendedAttributeNames: [[UInt8]]
    /// What no engine writes today, and what would not survive an incremental backup by the Go engine. Read and
    /// written back, never to be set.
    public var reserved: Reserved
    private var storedSummary: [Summary] = []

    /// In directories of snapshots of the 1.0 line; nil otherwise.
    public var summary: Summary? {
        get { storedSummary.first }
        set { storedSummary = newValue.map { [$0] } ?? [] }
    }

    public static let notRegularContentType: ByteString = "application/x-not-regular-file"

    public init(
        version: FormatVersion = .v1_0_0, parentPath: BytePath, info: FileInfo, symbolicLinkTarget: [UInt8] = [],
        object: MAC = .zero, contentType: ByteString = "", entropy: Double = 0, chunkCount: UInt64 = 0,
        extendedAttributeNames: [[UInt8]] = []
    ) {
        self.version = version
        self.parentPath = parentPath
        self.info = info
        self.symbolicLinkTarget = symbolicLinkTarget
        self.object = object
        self.contentType = contentType
        self.entropy = entropy
        self.chunkCount = chunkCount
        self.extendedAttributeNames = extendedAttributeNames
        reserved = Reserved()
    }

    public var isDirectory: Bool { info.mode.isDirectory }

    public var name: [UInt8] { info.name }

    public var isRoot: Bool { parentPath.isRoot && info.name == BytePath.root.bytes }

    /// Where the entry lies.
    public var path: BytePath { isRoot ? .root : parentPath.appending(info.name) ?? parentPath }
}

extension Entry: MessagePackStructure {
    package static var unset: Self { Self(version: .none, parentPath: .root, info: .unset) }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.version("version", &version)
        fields.path("parent_path", &parentPath)
        fields.structure("file_info", &info)
        fields.pointer("summary", &summary)
        fields.string("symlink_target", &symbolicLinkTarget, .unlessEmpty)
        fields.mac("object", &object)
        fields.string("content_type", &contentType, .unlessEmpty)
        fields.f64("entropy", &entropy, .unlessEmpty)
        fields.u64("chunks", &chunkCount, .unlessEmpty)
        fields.strings("alternate_data_streams", &reserved.alternateDataStreams, .omitted)
        fields.bytes("security_descriptor", &reserved.securityDescriptor, .omitted)
        fields.u32("file_attributes", &reserved.fileAttributes, .unlessEmpty)
        fields.strings("extended_attributes", &extendedAttributeNames, .omitted)
        fields.structures("classifications", &reserved.classifications, .omitted)
        fields.structures("custom_metadata", &reserved.customMetadata, .omitted)
        fields.strings("tags", &reserved.tags, .omitted)
    }

    /// Reads an entry and checks that its place in the tree is one (Kloset messages, section 5.4).
    package init(decoding bytes: [UInt8], in range: Range<Int>) throws(FormatError) {
        let entry = try FieldReader.read(Entry.self, from: bytes, in: range)
        guard entry.isRoot || BytePath.isValidName(entry.info.name) else {
            throw FormatError(.malformed, "\(ByteString(entry.info.name)) is no name for an entry.")
        }
        self = entry
    }

    /// See ``init(decoding:in:)``.
    package init(decoding bytes: [UInt8]) throws(FormatError) { try self.init(decoding: bytes, in: bytes.indices) }
}

extension Entry {
    /// Fields that exist in the schema and are empty in every store known.
    public struct Reserved: Hashable, Sendable {
        public var alternateDataStreams: [[UInt8]] = []
        public var securityDescriptor: [UInt8] = []
        public var fileAttributes: UInt32 = 0
        public var classifications: [EntryClassification] = []
        public var customMetadata: [CustomMetadata] = []
        public var tags: [[UInt8]] = []

        public init() {}
    }
}

/// What an analyzer said of a file.
public struct EntryClassification: Hashable, Sendable {
    public var analyzer: ByteString = ""
    public var classes: [ByteString] = []
    public var scores: [Score] = []

    public init() {}

    public struct Score: Hashable, Sendable {
        public var key: ByteString = ""
        public var value: Double = 0

        public init() {}
    }
}

extension EntryClassification: MessagePackStructure {
    package static var unset: Self { Self() }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.string("analyzer", &analyzer)
        fields.strings("classes", &classes, .asEmpty)
        fields.structures("scores", &scores, .asEmpty)
    }
}

extension EntryClassification.Score: MessagePackStructure {
    package static var unset: Self { Self() }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.string("key", &key)
        fields.f64("value", &value)
    }
}

/// A key and a value attached to a file.
public struct CustomMetadata: Hashable, Sendable {
    public var key: ByteString = ""
    public var value: [UInt8] = []

    public init() {}
}

extension CustomMetadata: MessagePackStructure {
    package static var unset: Self { Self() }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.string("key", &key)
        fields.bytes("value", &value, .asNil)
    }
}
