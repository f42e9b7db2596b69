/// The four kinds of git object.
package enum ObjectKind: String, Hashable, Sendable {
    case commit
    case tree
    case blob
    case tag

    /// What stands before the content when it is hashed or stored loose: kind, space, decimal size, NUL.
    func header(size: Int) -> [UInt8] { Array("\(rawValue) \(size)\0".utf8) }
}

/// An object as read: its kind and content.
package struct GitObject: Hashable, Sendable {
    package let kind: ObjectKind
    package let content: [UInt8]

    package init(_ kind: ObjectKind, _ content: [UInt8]) {
        self.kind = kind
        self.content = content
    }
}
