#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A command that a user wants run before or after a job.
package struct ShellHook: Hashable, Sendable {
    /// For `sh -c`. May contain secrets, and is never shown.
    package let text: String
    /// What it is called in errors: `the pre-hook`.
    package let title: String

    package init(text: String, title: String) {
        self.text = text
        self.title = title
    }

    /// Runs the command and waits for it. What it prints goes to standard error, so that it never mixes with results.
    ///
    /// - Parameter variables: added to its environment.
    /// - Throws: ``ConfigurationError/Code/commandFailed`` when it does not end with status 0.
    package func run(variables: [String: String]) throws(ConfigurationError) {
        let pairs = variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        guard let child = ShellCommand.spawn(text, output: 2, variables: pairs) else {
            throw ConfigurationError(.commandFailed, "Cannot start \(title).")
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            let how = status & 0x7F == 0 ? "ended with status \((status >> 8) & 0xFF)" : "was ended by a signal"
            throw ConfigurationError(.commandFailed, "The command of \(title) \(how).")
        }
    }
}
