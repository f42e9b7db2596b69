/// Why bytes could not be compressed or decompressed.
package struct CompressionError: Error, Sendable {
    package let code: Code
    /// Which format, and what is wrong with the bytes.
    package let reason: String

    package init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let description: String
        private init(_ description: String) { self.description = description }

        /// The input ends too early.
        package static let truncated = Code("truncated")
        /// The input is not what the format allows, or a checksum differs.
        package static let corrupt = Code("corrupt")
        /// The content is larger than the caller allows.
        package static let limitExceeded = Code("limit-exceeded")
        /// Legal, but needs something that we do not have, such as a dictionary.
        package static let unsupported = Code("unsupported")
        /// The machine has no memory left.
        package static let outOfMemory = Code("out-of-memory")
    }
}

extension CompressionError: Equatable {
    /// Errors are equal when their codes are; reasons are for people.
    package static func == (a: CompressionError, b: CompressionError) -> Bool { a.code == b.code }
}

extension CompressionError: CustomStringConvertible {
    package var description: String { reason }
}
