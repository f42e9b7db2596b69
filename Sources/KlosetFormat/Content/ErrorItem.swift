package import ConnectorKit

/// A path that could not be read (Kloset messages, section 8).
package struct ErrorItem: Hashable, Sendable {
    package var version: FormatVersion
    /// The absolute path.
    package var path: BytePath
    /// Why, in words.
    package var message: ByteString

    package init(version: FormatVersion = .v1_0_0, path: BytePath, message: ByteString) {
        self.version = version
        self.path = path
        self.message = message
    }
}

extension ErrorItem: MessagePackStructure {
    package static var unset: Self { Self(version: .none, path: .root, message: "") }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.version("version", &version)
        fields.path("name", &path)
        fields.string("error", &message)
    }
}

/// Where the value of an extended attribute is (Kloset messages, section 8).
package struct ExtendedAttribute: Hashable, Sendable {
    package var version: FormatVersion
    package var path: BytePath
    package var name: [UInt8]
    /// Bytes of the value.
    package var size: Int64
    /// A raw ``Record/AttributeKind``; unknown numbers are kept.
    package var kind: UInt8
    /// The identifier of the ``Object`` with the value.
    package var object: MAC

    package init(
        version: FormatVersion = .v1_0_0, path: BytePath, name: [UInt8], size: Int64,
        kind: Record.AttributeKind = .extended, object: MAC
    ) {
        self.version = version
        self.path = path
        self.name = name
        self.size = size
        self.kind = kind.rawValue
        self.object = object
    }
}

extension ExtendedAttribute: MessagePackStructure {
    package static var unset: Self { Self(version: .none, path: .root, name: [], size: 0, object: .zero) }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.version("version", &version)
        fields.path("path", &path)
        fields.string("name", &name)
        fields.i64("size", &size)
        fields.u8("type", &kind)
        fields.mac("object", &object)
    }
}
