internal import ConnectorKit

extension JSONValue {
    /// A path or a name. Names are bytes; JSON is text: where the bytes are not UTF-8, `path` has replacement
    /// characters and ``rawBytes(_:)`` tells the truth.
    static func path(_ bytes: [UInt8]) -> JSONValue { .string(String(decoding: bytes, as: UTF8.self)) }

    /// The bytes of a name as hexadecimal digits, when text cannot hold them; else null.
    static func rawBytes(_ bytes: [UInt8]) -> JSONValue {
        guard String(validating: bytes, as: UTF8.self) == nil else { return .null }
        let digits = Array("0123456789abcdef".utf8)
        return .string(
            String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self))
    }

    static func time(_ timestamp: Timestamp) -> JSONValue { .string(Format.time(timestamp, fraction: true)) }
}
