/// Why a connector or a store could not do something, in words for the person who asked for it.
public struct ConnectorError: Error, Sendable {
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

        /// The location or an option is wrong; nothing was tried.
        public static let invalidConfiguration = Code("invalid-configuration")
        /// No such file, server, calendar, store object.
        public static let notFound = Code("not-found")
        /// Something is there already.
        public static let alreadyExists = Code("already-exists")
        /// Wrong user name, password or token.
        public static let authentication = Code("authentication")
        /// Logged in, but not allowed.
        public static let permission = Code("permission")
        /// Not reachable, timed out, too busy; trying again later may help.
        public static let unavailable = Code("unavailable")
        /// The peer answered something that cannot be right.
        public static let protocolViolation = Code("protocol-violation")
        /// The peer refuses this object.
        public static let rejected = Code("rejected")
        /// Stored data is damaged.
        public static let corrupt = Code("corrupt")
        /// Larger or more than a set limit.
        public static let limitExceeded = Code("limit-exceeded")
        public static let inputOutput = Code("input-output")
        public static let unsupported = Code("unsupported")
    }
}

extension ConnectorError: Equatable {
    /// Errors are equal when their codes are; reasons are for people.
    public static func == (a: ConnectorError, b: ConnectorError) -> Bool { a.code == b.code }
}

extension ConnectorError: CustomStringConvertible {
    public var description: String { advice.map { "\(reason) \($0)" } ?? reason }
}
