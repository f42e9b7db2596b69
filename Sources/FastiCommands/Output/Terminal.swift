#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The terminal of the person, whatever standard input and output are connected to.
enum Terminal {
    /// Asks for a line that is not shown while it is typed.
    ///
    /// - Returns: nil when there is no terminal.
    /// - Throws: CancellationError when the task is cancelled while waiting; the terminal shows what is typed again.
    static func askSecretly(_ prompt: String) throws -> [UInt8]? {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        var before = termios()
        guard tcgetattr(terminal, &before) == 0 else { return nil }
        var hidden = before
        hidden.c_lflag &= ~tcflag_t(ECHO)
        guard tcsetattr(terminal, TCSAFLUSH, &hidden) == 0 else { return nil }
        defer { tcsetattr(terminal, TCSAFLUSH, &before) }
        _ = Descriptor.write(Array(prompt.utf8), to: terminal)
        defer { _ = Descriptor.write([UInt8(ascii: "\n")], to: terminal) }
        return try line(from: terminal)
    }

    /// Asks for a line that is shown.
    static func ask(_ prompt: String) throws -> [UInt8]? {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        _ = Descriptor.write(Array(prompt.utf8), to: terminal)
        return try line(from: terminal)
    }

    /// Ctrl-C is a signal that cancels the task, and a signal does not end a read: so this looks up now and then.
    private static func line(from terminal: Int32) throws -> [UInt8] {
        var line: [UInt8] = []
        while true {
            try Task.checkCancellation()
            var waiting = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
            guard systemPoll(&waiting, 1, 100) > 0 else { continue }
            var byte: UInt8 = 0
            let count = read(terminal, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count > 0, byte != UInt8(ascii: "\n") else { return line }
            line.append(byte)
            guard line.count <= 4096 else {
                throw CommandError(.inputOutput, "More than 4096 characters were typed.")
            }
        }
    }

    /// Columns of the terminal on standard error; 80 when it does not say.
    static var width: Int {
        var size = winsize()
        guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
