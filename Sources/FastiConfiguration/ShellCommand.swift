#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A command that a user configured to print a secret, such as `pass show calendar`.
struct ShellCommand {
    let text: String
    /// The key it stands under, for errors: the output and the command itself are never shown.
    let key: String

    private static let outputLimit = 64 << 10

    /// Runs the command by `sh -c` and returns its only line, which is not empty. Input and error output stay those
    /// of this process, so that a password manager can ask for its own password.
    ///
    /// - Throws: ``ConfigurationError/Code/commandFailed``.
    func line() throws(ConfigurationError) -> String {
        guard let text = String(validating: try output(), as: UTF8.self) else { throw failure("did not print text") }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 1 || (lines.count == 2 && lines[1].isEmpty) else {
            throw failure("printed more than one line")
        }
        guard let line = lines.first, !line.isEmpty else { throw failure("printed nothing") }
        return line.hasSuffix("\r") ? String(line.dropLast()) : String(line)
    }

    private func output() throws(ConfigurationError) -> [UInt8] {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw .system("create a pipe") }
        let (reading, writing) = (ends[0], ends[1])
        _ = fcntl(reading, F_SETFD, FD_CLOEXEC)
        _ = fcntl(writing, F_SETFD, FD_CLOEXEC)
        let child = Self.spawn(text, output: writing)
        close(writing)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= Self.outputLimit {
            let count = buffer.withUnsafeMutableBytes { read(reading, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes.append(contentsOf: buffer[..<count])
        }
        // Closing the pipe first ends a command that would print for ever.
        close(reading)
        guard let child else { throw failure("could not be started") }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            let code = (status >> 8) & 0xFF
            throw failure(status & 0x7F == 0 ? "ended with status \(code)" : "was ended by signal \(status & 0x7F)")
        }
        return bytes
    }

    /// - Parameter variables: added to the environment of this process, as `NAME=VALUE`.
    static func spawn(_ text: String, output: Int32, variables: [String] = []) -> pid_t? {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
        #else
            var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        // This process ignores signals that it handles otherwise; the command has to end on them.
        #if canImport(Darwin)
            var attributes: posix_spawnattr_t?
        #else
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var arguments: [UnsafeMutablePointer<CChar>?] = []
        for word in ["sh", "-c", text] { arguments.append(strdup(word)) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) }
        let ownCount = environment.count
        var next = environ
        while let variable = next.pointee {
            environment.append(variable)
            next += 1
        }
        environment.append(nil)
        defer { for variable in environment[..<ownCount] { free(variable) } }
        var child = pid_t()
        return posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments, environment) == 0 ? child : nil
    }

    private func failure(_ what: String) -> ConfigurationError {
        ConfigurationError(
            .commandFailed, "The command under \"\(key)\" \(what).",
            advice: "It must print exactly one line and end with status 0; run it in a shell to see.")
    }
}
