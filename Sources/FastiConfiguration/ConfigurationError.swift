/// Why the configuration could not be read, changed or applied.
package struct ConfigurationError: Error, Sendable {
    package let code: Code
    /// What was tried, on what, and why it failed. Never holds secrets.
    package let reason: String
    /// What to do about it; nil when the reason says it.
    package let advice: String?

    package init(_ code: Code, _ reason: String, advice: String? = nil) {
        self.code = code
        self.reason = reason
        self.advice = advice
    }

    /// A stable name for the kind of failure. New ones may appear.
    package struct Code: Hashable, Sendable, CustomStringConvertible, CaseIterable {
        package let description: String
        private init(_ description: String) { self.description = description }

        /// A name, key or value that cannot be accepted.
        package static let invalid = Code("invalid-entry")
        /// A file is there, but is not what it should be.
        package static let damaged = Code("damaged-configuration")
        /// A file was written by a newer version.
        package static let incompatible = Code("incompatible-configuration")
        /// No entry or key of that name.
        package static let notFound = Code("unknown-name")
        /// An entry of that name is there already.
        package static let alreadyExists = Code("name-in-use")
        /// A `*_cmd` failed or printed something else than one line.
        package static let commandFailed = Code("command-failed")
        /// Reading or writing a file failed.
        package static let inputOutput = Code("configuration-input-output")
        /// Another process is changing the same files and does not come to an end.
        package static let busy = Code("configuration-busy")

        package static let allCases: [Code] = [
            invalid, damaged, incompatible, notFound, alreadyExists, commandFailed, inputOutput, busy,
        ]
    }
}

extension ConfigurationError: Equatable {
    /// Errors are equal when their codes are; reasons are for people.
    package static func == (a: ConfigurationError, b: ConfigurationError) -> Bool { a.code == b.code }
}

extension ConfigurationError: CustomStringConvertible {
    package var description: String { advice.map { "\(reason) \($0)" } ?? reason }
}
