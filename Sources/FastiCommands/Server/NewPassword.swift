internal import Foundation

/// A password that somebody sets.
enum NewPassword {
    /// Asks twice on the terminal, or takes the first line of standard input.
    static func read(for name: String, fromInput: Bool) throws -> [UInt8] {
        if fromInput {
            guard let line = readLine(strippingNewline: true), !line.isEmpty else {
                throw CommandError(.weakPassphrase, "There is no password on standard input.")
            }
            return Array(line.utf8)
        }
        guard let first = try Terminal.askSecretly("New password for \(name): "),
            let second = try Terminal.askSecretly("The same again: ")
        else {
            throw CommandError.usage(
                "There is no terminal to ask for the password.", advice: "Pipe it in and add --stdin.")
        }
        guard first == second else {
            throw CommandError(.weakPassphrase, "The two passwords differ.", advice: "Nothing was changed. Try again.")
        }
        guard first.count >= 8 else {
            throw CommandError(
                .weakPassphrase, "The password has fewer than 8 characters.", advice: "Nothing was changed.")
        }
        return first
    }
}
