internal import Synchronization

/// Standard output and standard error. Lines for standard output are collected, so that a long listing is not one
/// system call per line; whatever order they were written in is the order in which they appear.
package final class Output: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let isSilent: Bool
    /// Whether someone watches line by line.
    private let flushesEachLine: Bool
    private static let capacity = 64 << 10

    package init(isSilent: Bool = false) {
        self.isSilent = isSilent
        flushesEachLine = Descriptor.isTerminal(1)
    }

    /// One line on standard output.
    ///
    /// - Throws: ``CommandError/Code/outputClosed`` when nobody reads it any more.
    package func line(_ text: String) throws { try write(Array(text.utf8) + [UInt8(ascii: "\n")]) }

    /// One JSON document in one line on standard output, at once: a program may wait for it.
    package func json(_ value: JSONValue) throws {
        try write(value.encoded() + [UInt8(ascii: "\n")])
        try flush()
    }

    /// A part of a line on standard output.
    func text(_ bytes: [UInt8]) throws { try write(bytes) }

    /// Bytes on standard output, as they are; also when silent, since they are the result itself.
    package func bytes(_ bytes: [UInt8]) throws { try append(bytes, alsoWhenSilent: true) }

    private func write(_ bytes: [UInt8]) throws { try append(bytes, alsoWhenSilent: false) }

    private func append(_ bytes: [UInt8], alsoWhenSilent: Bool) throws {
        guard alsoWhenSilent || !isSilent else { return }
        try state.withLock { state in
            state.pending.append(contentsOf: bytes)
            if flushesEachLine || state.pending.count >= Self.capacity { try Self.flush(&state) }
        }
    }

    /// Writes out what is collected.
    package func flush() throws { try state.withLock { try Self.flush(&$0) } }

    private static func flush(_ state: inout State) throws {
        let bytes = state.pending
        state.pending = []
        guard !bytes.isEmpty else { return }
        if state.isClosed || !Descriptor.write(bytes, to: 1) {
            state.isClosed = true
            throw CommandError(.outputClosed, "Nobody reads the output any more.")
        }
    }

    /// One line on standard error, after everything that was written before it.
    package func error(_ text: String) {
        guard !isSilent else { return }
        try? flush()
        _ = Descriptor.write(Array(text.utf8) + [UInt8(ascii: "\n")], to: 2)
    }

    /// Bytes on standard error as they are, for a progress bar.
    func errorBytes(_ bytes: [UInt8]) {
        guard !isSilent else { return }
        _ = Descriptor.write(bytes, to: 2)
    }
}
