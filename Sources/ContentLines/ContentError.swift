/// Why bytes could not be split into content lines.
package struct ContentError: Error, Sendable {
    package let code: Code
    package let reason: String

    package init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    /// A stable name for the kind of failure. New ones may appear.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let description: String
        private init(_ description: String) { self.description = description }

        /// More bytes or more lines than allowed.
        package static let limitExceeded = Code("limit-exceeded")
    }
}

extension ContentError: CustomStringConvertible {
    package var description: String { reason }
}
