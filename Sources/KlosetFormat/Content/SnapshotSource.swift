public import ConnectorKit

extension SnapshotHeader {
    /// What was backed up, and the trees that hold it.
    public struct Source: Hashable, Sendable {
        public var importer: Importer
        public var context: [KeyValue]
        public var root: Roots
        /// Empty, or some of ``Index/contentType``, ``Index/dirpack`` and ``Index/summary`` in this order; any
        /// other name stops the Go engine's maintenance for ever.
        public var indexes: [Index]
        /// That of `/`.
        public var summary: Summary

        public init(
            importer: Importer, context: [KeyValue] = [], root: Roots, indexes: [Index], summary: Summary
        ) {
            self.importer = importer
            self.context = context
            self.root = root
            self.indexes = indexes
            self.summary = summary
        }

        /// The MAC of the root of an index.
        public func index(_ name: ByteString) -> MAC? { indexes.first { $0.name == name }?.value }
    }

    /// Type, origin and directory together decide which older snapshot is the parent of an incremental backup.
    public struct Importer: Hashable, Sendable {
        public var type: ByteString
        public var origin: ByteString
        /// The directory that was backed up, an absolute path that exists in the snapshot.
        public var directory: ByteString

        public init(type: ByteString, origin: ByteString, directory: ByteString) {
            self.type = type
            self.origin = origin
            self.directory = directory
        }
    }

    /// MACs of tree roots; all three trees always exist.
    public struct Roots: Hashable, Sendable {
        public var entries: MAC
        public var attributes: MAC
        public var errors: MAC

        public init(entries: MAC, attributes: MAC, errors: MAC) {
            self.entries = entries
            self.attributes = attributes
            self.errors = errors
        }
    }

    public struct Index: Hashable, Sendable {
        public var name: ByteString
        /// `btree`.
        public var type: ByteString
        /// The MAC of the root, a blob of type 19.
        public var value: MAC

        public static let contentType: ByteString = "content-type"
        public static let dirpack: ByteString = "dirpack"
        public static let summary: ByteString = "summary"

        public init(name: ByteString, type: ByteString = "btree", value: MAC) {
            self.name = name
            self.type = type
            self.value = value
        }
    }
}

extension SnapshotHeader.Source: MessagePackStructure {
    package static var unset: Self {
        Self(
            importer: .unset, root: .unset, indexes: [], summary: Summary())
    }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.structure("importer", &importer)
        fields.structures("context", &context, .asEmpty)
        fields.structure("root", &root)
        fields.structures("indexes", &indexes, .asEmpty)
        fields.structure("summary", &summary)
    }
}

extension SnapshotHeader.Importer: MessagePackStructure {
    package static var unset: Self { Self(type: "", origin: "", directory: "") }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.string("type", &type)
        fields.string("origin", &origin)
        fields.string("directory", &directory)
    }
}

extension SnapshotHeader.Roots: MessagePackStructure {
    package static var unset: Self { Self(entries: .zero, attributes: .zero, errors: .zero) }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.mac("root", &entries)
        fields.mac("xattrs", &attributes)
        fields.mac("errors", &errors)
    }
}

extension SnapshotHeader.Index: MessagePackStructure {
    package static var unset: Self { Self(name: "", type: "", value: .zero) }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.string("name", &name)
        fields.string("type", &type)
        fields.mac("value", &value)
    }
}
