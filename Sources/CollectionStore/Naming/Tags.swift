package import GitObjects

/// The entity tag of a member: the id of its blob, so that equal content has an equal tag.
package struct ETag: Hashable, Sendable, CustomStringConvertible {
    package let blob: ObjectID

    package init(_ blob: ObjectID) { self.blob = blob }

    /// From forty hexadecimal digits without quotes; nil for anything else.
    package init?(hex: some StringProtocol) {
        guard let blob = ObjectID(hex: hex) else { return nil }
        self.blob = blob
    }

    package var hex: String { blob.hex }
    /// The same digits at the end of something, without a string.
    package func append(to text: inout [UInt8]) { blob.appendHex(to: &text) }
    /// As in an `ETag` header: a strong tag in quotes.
    package var quoted: String { "\"\(blob.hex)\"" }
    package var description: String { hex }
}

/// A state of a collection: the id of its root tree. Any tree object still in the repository is a valid token.
///
/// A token handed out with a truncated change set also says how far the client has come: it names the state it comes
/// from, the state it goes to, and the last name reported. It stays a plain string of `[0-9a-f-]`.
package struct SyncToken: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ string: String) { self.description = string }
    package init(tree: ObjectID) { self.description = tree.hex }
}
