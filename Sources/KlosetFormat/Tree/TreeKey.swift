package import ConnectorKit

/// The keys of the trees that are not simply paths (Kloset format, sections 9.9 and 9.10).
package enum TreeKey {
    /// The path, the attribute's name, and a mark for its kind, with nothing between the first two. Never to be taken
    /// apart again: the ``ExtendedAttribute`` behind it says what it is.
    package static func extendedAttribute(path: BytePath, name: [UInt8], kind: Record.AttributeKind) -> [UInt8] {
        let mark: UInt8 =
            switch kind {
            case .extended: UInt8(ascii: ":")
            case .alternateDataStream: UInt8(ascii: "@")
            case .custom: UInt8(ascii: "%")
            }
        return path.bytes + name + [mark]
    }

    /// A slash, the MIME type without its parameters, and the path: `/text/plain/etc/hosts`.
    package static func contentType(_ type: ByteString, path: BytePath) -> [UInt8] {
        [UInt8(ascii: "/")] + type.bytes.prefix { $0 != UInt8(ascii: ";") } + path.bytes
    }
}
