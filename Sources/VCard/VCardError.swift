/// Why vCard data could not be read.
package struct VCardError: Error, Sendable {
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

        /// The text is not a sequence of cards.
        package static let malformed = Code("malformed")
        /// Larger or more than allowed.
        package static let limitExceeded = Code("limit-exceeded")
    }
}

extension VCardError: Equatable {
    /// Errors are equal when their codes are; reasons are for people.
    package static func == (a: VCardError, b: VCardError) -> Bool { a.code == b.code }
}

extension VCardError: CustomStringConvertible {
    package var description: String { advice.map { "\(reason) \($0)" } ?? reason }
}
