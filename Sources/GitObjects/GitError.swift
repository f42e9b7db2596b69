/// Why something in a git repository could not be read or written.
package struct GitError: Error, Sendable {
    package let code: Code
    /// What was tried, on which file or object, and why it failed.
    package let reason: String

    package init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    /// A stable name for the kind of failure.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let description: String
        private init(_ description: String) { self.description = description }

        /// No such object, reference, file or repository.
        package static let notFound = Code("not-found")
        /// Stored bytes are not what git writes, or do not have the id they are stored under.
        package static let corrupt = Code("corrupt")
        /// Another process holds the lock file.
        package static let locked = Code("locked")
        /// A reference does not have the value it was expected to have.
        package static let conflict = Code("conflict")
        /// Something is there already.
        package static let alreadyExists = Code("already-exists")
        /// A feature of git that is not read here (SHA-256 repositories, split indexes).
        package static let unsupported = Code("unsupported")
        /// Larger or deeper than a set limit.
        package static let limitExceeded = Code("limit-exceeded")
        /// The operating system refused.
        package static let inputOutput = Code("input-output")
    }
}

extension GitError: Equatable {
    /// Errors are equal when their codes are; reasons are for people.
    package static func == (a: GitError, b: GitError) -> Bool { a.code == b.code }
}

extension GitError: CustomStringConvertible {
    package var description: String { reason }
}
