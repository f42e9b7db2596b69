/// How a command tells the shell what came of it (plakar command line, section 4).
package struct ExitStatus: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }

    package static let success = ExitStatus(rawValue: 0)
    package static let failure = ExitStatus(rawValue: 1)
    /// Finished, but something is missing from the result.
    package static let incomplete = ExitStatus(rawValue: 3)
    /// The command line cannot be understood. Nothing was opened, nobody was asked for a passphrase.
    package static let usage = ExitStatus(rawValue: 64)
    /// Stored data is damaged.
    package static let damaged = ExitStatus(rawValue: 65)
    /// There is no store, or it cannot be opened.
    package static let noRepository = ExitStatus(rawValue: 66)
    /// The passphrase, or a password of a source or destination, is wrong.
    package static let authentication = ExitStatus(rawValue: 77)
    /// The store has a format that this program does not know.
    package static let incompatible = ExitStatus(rawValue: 78)

    /// What each means, for the manual.
    static let meanings: [(status: String, meaning: String)] = [
        ("0", "Done, and complete."), ("1", "Failed; also when nothing fits what was asked for."),
        ("3", "Finished, but something is missing from the result."),
        ("64", "The command line cannot be understood; nothing was opened."), ("65", "Stored data is damaged."),
        ("66", "There is no store, or it cannot be opened."), ("77", "Wrong passphrase or password."),
        ("78", "The store has a newer format."), ("130, 143", "Stopped by Ctrl-C, by SIGTERM."),
    ]

    /// Ended by a signal: 130 for Ctrl-C, 143 for SIGTERM. plakar answers 1; these are what shells report for a
    /// program that a signal ended, so that scripts can tell "stopped" from "failed".
    package static func signal(_ number: Int32) -> ExitStatus { ExitStatus(rawValue: 128 + number) }
}
