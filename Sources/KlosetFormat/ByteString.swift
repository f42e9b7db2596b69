/// What the Go engine calls a string: bytes that are usually UTF-8, kept and written back unchanged
/// (Kloset messages, section 1.1).
public struct ByteString: Hashable, Sendable {
    public var bytes: [UInt8]

    public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    public init(_ text: String) { self.init(text.utf8) }

    public init() { bytes = [] }

    public var isEmpty: Bool { bytes.isEmpty }
}

extension ByteString: CustomStringConvertible, ExpressibleByStringLiteral {
    /// The text for people; bytes that are not UTF-8 are replaced.
    public var description: String { String(decoding: bytes, as: UTF8.self) }

    public init(stringLiteral value: String) { self.init(value) }
}

extension ByteString: Comparable {
    public static func < (a: ByteString, b: ByteString) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}
