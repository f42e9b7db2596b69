/// Why bytes could not be taken for what they should be.
public struct FormatError: Error, Sendable {
    public let code: Code
    /// What was read and what is wrong with it, with the field or the offset.
    public let reason: String
    /// What to do about it; nil when the reason says it.
    public let advice: String?

    public init(_ code: Code, _ reason: String, advice: String? = nil) {
        self.code = code
        self.reason = reason
        self.advice = advice
    }

    /// A stable name for the kind of failure. New ones may appear.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String
        private init(_ description: String) { self.description = description }

        /// The bytes end before the structure does.
        public static let truncated = Code("truncated")
        /// The bytes are not this structure.
        public static let malformed = Code("malformed")
        /// A newer version than this program knows.
        public static let newerVersion = Code("newer-version")
        /// An algorithm that this program does not know.
        public static let unsupported = Code("unsupported")
        /// A number beyond what this program accepts from a store it has not authenticated yet.
        public static let limitExceeded = Code("limit-exceeded")
        /// The caller asked for something that the format does not allow to be written.
        public static let notWritable = Code("not-writable")
    }

    /// The same error, seen from the structure around it: `chunks: length: …`.
    package func within(_ place: String) -> FormatError {
        FormatError(code, "\(place): \(reason)", advice: advice)
    }
}

extension FormatError: Equatable {
    /// Errors are equal when their codes are; reasons are for people.
    public static func == (a: FormatError, b: FormatError) -> Bool { a.code == b.code }
}

extension FormatError: CustomStringConvertible {
    public var description: String { advice.map { "\(reason) \($0)" } ?? reason }
}
