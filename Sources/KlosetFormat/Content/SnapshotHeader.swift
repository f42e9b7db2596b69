public import ConnectorKit

/// What a snapshot is, whence it came, and where its trees begin (Kloset messages, section 9).
public struct SnapshotHeader: Hashable, Sendable {
    public var version: FormatVersion
    /// 32 random bytes, also the key of the blob.
    public var identifier: MAC
    /// When the backup began.
    public var timestamp: Timestamp
    /// Nanoseconds that the backup took.
    public var duration: Int64
    public var identity: Identity
    public var name: ByteString
    public var category: ByteString
    public var environment: ByteString
    public var perimeter: ByteString
    public var job: ByteString
    public var replicas: UInt32
    /// nil in headers of the 1.0 line, which have no such field.
    public var dataset: ByteString?
    /// nil in headers of the 1.0 line, which have no such field.
    public var dataClasses: [ByteString]?
    public var classifications: [Classification]
    public var tags: [ByteString]
    /// How the backup ran: `Hostname`, `Username`, `OperatingSystem`, …
    public var context: [KeyValue]
    /// Exactly one in practice.
    public var sources: [Source]

    public init(
        version: FormatVersion = .v1_0_0, identifier: MAC, timestamp: Timestamp, duration: Int64 = 0,
        identity: Identity = Identity(), name: ByteString = "default", category: ByteString = "",
        environment: ByteString = "", perimeter: ByteString = "", job: ByteString = "", replicas: UInt32 = 1,
        dataset: ByteString? = "", dataClasses: [ByteString]? = [], classifications: [Classification] = [],
        tags: [ByteString] = [], context: [KeyValue] = [], sources: [Source]
    ) {
        self.version = version
        self.identifier = identifier
        self.timestamp = timestamp
        self.duration = duration
        self.identity = identity
        self.name = name
        self.category = category
        self.environment = environment
        self.perimeter = perimeter
        self.job = job
        self.replicas = replicas
        self.dataset = dataset
        self.dataClasses = dataClasses
        self.classifications = classifications
        self.tags = tags
        self.context = context
        self.sources = sources
    }

    /// The value of a key in ``context``.
    public func contextValue(_ key: ByteString) -> ByteString? { context.first { $0.key == key }?.value }
}

extension SnapshotHeader: MessagePackStructure {
    package static var unset: Self {
        Self(
            version: .none, identifier: .zero, timestamp: .goZero, name: "", replicas: 0, dataset: nil,
            dataClasses: nil,
            sources: [])
    }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.version("version", &version)
        fields.mac("identifier", &identifier)
        fields.time("timestamp", &timestamp)
        fields.i64("duration", &duration)
        fields.structure("identity", &identity)
        fields.string("name", &name)
        fields.string("category", &category)
        fields.string("environment", &environment)
        fields.string("perimeter", &perimeter)
        fields.string("job", &job)
        fields.u32("replicas", &replicas)
        fields.optionalString("dataset", &dataset)
        fields.optionalStrings("data_classes", &dataClasses)
        fields.structures("classifications", &classifications, .asEmpty)
        fields.strings("tags", &tags, .asEmpty)
        fields.structures("context", &context, .asEmpty)
        fields.structures("sources", &sources, .asEmpty)
    }
}

extension SnapshotHeader {
    /// Who signed the snapshot; nobody in every store known (Kloset format, section 9.11).
    public struct Identity: Hashable, Sendable {
        public var identifier: RepositoryID = .zero
        public var publicKey: [UInt8] = []

        public init() {}
    }

    public struct KeyValue: Hashable, Sendable {
        public var key: ByteString
        public var value: ByteString

        public init(_ key: ByteString, _ value: ByteString) {
            self.key = key
            self.value = value
        }
    }

    /// What an analyzer said of the snapshot; none does today.
    public struct Classification: Hashable, Sendable {
        public var analyzer: ByteString = ""
        public var classes: [Class] = []

        public init() {}

        public struct Class: Hashable, Sendable {
            public var name: ByteString = ""
            public var probability: Double = 0

            public init() {}
        }
    }
}

extension SnapshotHeader.Identity: MessagePackStructure {
    package static var unset: Self { Self() }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.uuid("identifier", &identifier)
        fields.bytes("public_key", &publicKey, .asNil)
    }
}

extension SnapshotHeader.KeyValue: MessagePackStructure {
    package static var unset: Self { Self("", "") }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.string("key", &key)
        fields.string("value", &value)
    }
}

extension SnapshotHeader.Classification: MessagePackStructure {
    package static var unset: Self { Self() }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.string("analyzer", &analyzer)
        fields.structures("classes", &classes, .asEmpty)
    }
}

extension SnapshotHeader.Classification.Class: MessagePackStructure {
    package static var unset: Self { Self() }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.string("name", &name)
        fields.f64("probability", &probability)
    }
}
