/// Why a command stopped, where no lower layer has said it already.
package struct CommandError: Error, Sendable {
    package let code: Code
    package let reason: String
    package let advice: String?

    package init(_ code: Code, _ reason: String, advice: String? = nil) {
        self.code = code
        self.reason = reason
        self.advice = advice
    }

    static func usage(_ reason: String, advice: String? = nil) -> CommandError {
        CommandError(.usage, reason, advice: advice)
    }

    /// A stable name for the kind of failure. New ones may appear.
    package struct Code: Hashable, Sendable, CustomStringConvertible, CaseIterable {
        package let description: String
        private init(_ description: String) { self.description = description }

        /// The command line cannot be understood.
        package static let usage = Code("usage")
        /// The store cannot be opened.
        package static let repository = Code("repository")
        /// What describes the store is damaged.
        package static let damagedStore = Code("damaged-store")
        /// No passphrase, or the wrong one.
        package static let authentication = Code("authentication")
        /// The store has a newer format.
        package static let incompatible = Code("incompatible")
        /// A new passphrase is too weak, empty, or was typed differently the second time.
        package static let weakPassphrase = Code("weak-passphrase")
        /// Nothing matches what was asked for.
        package static let nothingSelected = Code("nothing-selected")
        /// What was asked for is no file, or no folder.
        package static let wrongKind = Code("wrong-kind")
        /// Ctrl-C or a request to end.
        package static let interrupted = Code("interrupted")
        /// Nobody reads the output any more.
        package static let outputClosed = Code("output-closed")
        /// Reading or writing here failed.
        package static let inputOutput = Code("input-output")

        package static let allCases: [Code] = [
            usage, repository, damagedStore, authentication, incompatible, weakPassphrase, nothingSelected, wrongKind,
            interrupted, outputClosed, inputOutput,
        ]
    }
}

extension CommandError: Equatable {
    /// Errors are equal when their codes are; reasons are for people.
    package static func == (a: CommandError, b: CommandError) -> Bool { a.code == b.code }
}

extension CommandError: CustomStringConvertible {
    package var description: String { advice.map { "\(reason) \($0)" } ?? reason }
}
