import GitObjects

/// What a sync token says: the state a client has, and, in the middle of a truncated list, how far it has come.
///
/// `<tree>`, or `<old tree>-<new tree>-<last name reported, in hexadecimal>`.
struct SyncProgress: Hashable, Sendable {
    var base: ObjectID
    var target: ObjectID?
    var after: [UInt8]?

    init(base: ObjectID, target: ObjectID? = nil, after: [UInt8]? = nil) {
        self.base = base
        self.target = target
        self.after = after
    }

    init(_ token: SyncToken) throws(CollectionStoreError) {
        let parts = token.description.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 1 || parts.count == 3, let base = ObjectID(hex: parts[0]) else {
            throw Self.invalid(token)
        }
        self.init(base: base)
        guard parts.count == 3 else { return }
        guard let target = ObjectID(hex: parts[1]), let after = Self.bytes(hex: parts[2]) else {
            throw Self.invalid(token)
        }
        self.target = target
        self.after = after
    }

    var token: SyncToken {
        guard let target, let after else { return SyncToken(tree: base) }
        return SyncToken("\(base)-\(target)-" + after.map { Self.hex($0) }.joined())
    }

    private static func invalid(_ token: SyncToken) -> CollectionStoreError {
        let shown = token.description.prefix(100).debugDescription
        return CollectionStoreError(.invalidToken, "\(shown) is not a sync token of this server.")
    }

    static func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }

    static func bytes(hex: Substring) -> [UInt8]? {
        let digits = Array(hex.utf8)
        guard digits.count % 2 == 0, digits.count <= 2 * NameRules.maximumByteCount else { return nil }
        var bytes: [UInt8] = []
        for position in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[position..<(position + 2)], as: UTF8.self)
            guard let byte = UInt8(pair, radix: 16), pair.first != "+" else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
