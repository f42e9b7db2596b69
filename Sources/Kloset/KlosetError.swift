import ConnectorKit
import KlosetFormat

/// Why the engine could not do something with a Kloset store, in words for the person who asked for it.
public struct KlosetError: Error, Sendable {
    public let code: Code
    /// What was tried, on what, and why it failed. Never holds secrets.
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

        /// The passphrase does not open this store, or one is needed and none was given.
        public static let authentication = Code("authentication")
        /// Stored bytes are damaged: a digest, a length or a message is not what it must be.
        public static let corrupt = Code("corrupt")
        /// Something that the store refers to is not in it, or there is no such snapshot or path.
        public static let notFound = Code("not-found")
        /// The beginning of an identifier fits several snapshots.
        public static let ambiguous = Code("ambiguous")
        /// The store was written in a newer or different format than this engine knows.
        public static let incompatible = Code("incompatible")
        public static let alreadyExists = Code("already-exists")
        /// Another process works on the store in a way that excludes this operation.
        public static let locked = Code("locked")
        /// The caller asked for something that cannot be.
        public static let invalidArgument = Code("invalid-argument")
        /// A bound on size, count or depth was passed.
        public static let limitExceeded = Code("limit-exceeded")
        /// The store cannot do this, for instance because it is read-only.
        public static let unsupported = Code("unsupported")
    }
}

extension KlosetError: Equatable {
    /// Errors are equal when their codes are; reasons are for people.
    public static func == (a: KlosetError, b: KlosetError) -> Bool { a.code == b.code }
}

extension KlosetError: CustomStringConvertible {
    public var description: String { advice.map { "\(reason) \($0)" } ?? reason }
}

extension KlosetError {
    /// What decoding found wrong, said of the thing that was decoded.
    init(_ error: FormatError, in place: String) {
        let code: Code =
            switch error.code {
            case .newerVersion, .unsupported: .incompatible
            case .limitExceeded: .limitExceeded
            default: .corrupt
            }
        self.init(code, "\(place): \(error.reason)", advice: error.advice)
    }

    /// The same error, said of the thing around it.
    func within(_ place: String) -> KlosetError { KlosetError(code, "\(place): \(reason)", advice: advice) }

    /// What a store's failure means for the thing that was read: a file that is gone or too short is damage of the
    /// store and becomes an error of ours; a server that does not answer says nothing about the data and is
    /// thrown on.
    static func damage(_ error: ConnectorError, in place: String) throws -> KlosetError {
        switch error.code {
        case .notFound: KlosetError(.notFound, "\(place): \(error.reason)")
        case .corrupt, .limitExceeded: KlosetError(.corrupt, "\(place): \(error.reason)")
        default: throw error
        }
    }
}
