/// Why calendar data could not be read, or a question about it could not be answered.
package struct ICalendarError: Error, Sendable {
    package let code: Code
    /// What is wrong, and where (lines count from 1 after unfolding).
    package let reason: String
    package let advice: String?

    package init(_ code: Code, _ reason: String, advice: String? = nil) {
        self.code = code
        self.reason = reason
        self.advice = advice
    }

    /// A stable name for the kind of failure. New ones may appear.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let description: String
        private init(_ description: String) { self.description = description }

        /// The text is not a well-formed tree of components.
        package static let malformed = Code("malformed")
        /// A property value does not follow its grammar.
        package static let invalidValue = Code("invalid-value")
        /// Larger, deeper or more than allowed, or more work than the caller's budget.
        package static let limitExceeded = Code("limit-exceeded")
        /// Valid, but not evaluated here, such as a RSCALE other than GREGORIAN.
        package static let unsupported = Code("unsupported")
    }
}

extension ICalendarError: Equatable {
    /// Errors are equal when their codes are; reasons are for people.
    package static func == (a: ICalendarError, b: ICalendarError) -> Bool { a.code == b.code }
}

extension ICalendarError: CustomStringConvertible {
    package var description: String { advice.map { "\(reason) \($0)" } ?? reason }
}
