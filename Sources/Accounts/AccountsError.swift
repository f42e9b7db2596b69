/// Why an account could not be read, changed or used, in words for an administrator.
package struct AccountsError: Error, Sendable, CustomStringConvertible {
    package let code: Code
    package let reason: String
    package let advice: String?

    package init(_ code: Code, _ reason: String, advice: String? = nil) {
        self.code = code
        self.reason = reason
        self.advice = advice
    }

    package var description: String { advice.map { "\(reason) \($0)" } ?? reason }

    /// A stable name for the kind of failure.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let description: String
        private init(_ description: String) { self.description = description }

        package static let invalidName = Code("invalid-name")
        package static let invalidPassword = Code("invalid-password")
        package static let invalidFile = Code("invalid-file")
        package static let alreadyExists = Code("already-exists")
        package static let notFound = Code("not-found")
        package static let inputOutput = Code("input-output")
        package static let unsupported = Code("unsupported")
    }
}

extension AccountsError: Equatable {
    package static func == (a: AccountsError, b: AccountsError) -> Bool { a.code == b.code }
}
