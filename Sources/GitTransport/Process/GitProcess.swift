import CPOSIX
import Glibc
import NIOCore
import NIOPosix

/// One run of git: what it reads is in a file, what it prints goes to the caller piece by piece.
struct GitProcess {
    let executable: GitExecutable
    let arguments: [String]
    /// Besides those of every run: `NAME=value`.
    var environment: [String] = []
    var limits = Limits()

    /// What a run may take before it is ended.
    struct Limits: Sendable {
        var seconds: UInt64 = 600
        var cpuSeconds: UInt64 = 300
        /// In bytes. Packs are mapped into memory, which counts.
        var addressSpace: UInt64 = 8 << 30
        var fileSize: UInt64 = 16 << 30
    }

    struct Outcome: Sendable {
        /// 128 and more when a signal ended it.
        var status: Int32
        /// The end of what it said on standard error.
        var complaint: String
    }

    private static let complaintLimit = 8 << 10

    /// Runs to the end. When `receive` throws, or the task is cancelled, git is ended at once.
    ///
    /// - Parameter input: read from that place on; nil for nothing.
    func run(
        input: UnnamedFile? = nil, from offset: Int = 0, receive: (ByteBuffer) async throws -> Void
    ) async throws -> Outcome {
        let errors = try UnnamedFile()
        let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(nothing) }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw GitTransportError("No pipe to git: errno \(errno).") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        try input?.rewind(to: offset)
        let process = spawn(input: input?.descriptor ?? nothing, output: ends[1], errors: errors.descriptor)
        close(ends[1])
        guard process > 0 else {
            close(ends[0])
            throw GitTransportError("\(executable.path) could not be started.")
        }
        let killer = ProcessKiller(process)
        let result: Result<Void, any Error>
        do {
            try await withTaskCancellationHandler {
                try await read(ends[0], killer, receive)
            } onCancel: {
                killer.kill()
            }
            result = .success(())
        } catch {
            killer.kill()
            result = .failure(error)
        }
        let status = try await NIOThreadPool.singleton.runIfActive { killer.wait() }
        try result.get()
        return Outcome(status: status, complaint: errors.text(last: Self.complaintLimit))
    }

    private func read(
        _ descriptor: Int32, _ killer: ProcessKiller, _ receive: (ByteBuffer) async throws -> Void
    ) async throws {
        let channel = try await NIOPipeBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .takingOwnershipOfDescriptor(input: descriptor) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, Never>(wrappingChannelSynchronously: channel)
                }
            }
        let seconds = limits.seconds
        try await channel.executeThenClose { inbound in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try? await Task.sleep(for: .seconds(seconds))
                    if !Task.isCancelled { killer.kill() }
                }
                for try await buffer in inbound { try await receive(buffer) }
                group.cancelAll()
            }
        }
    }

    private func spawn(input: Int32, output: Int32, errors: Int32) -> Int32 {
        var words = [executable.path]
        for (name, value) in GitExecutable.settings { words += ["-c", "\(name)=\(value)"] }
        words += arguments
        return withCStrings(words) { words in
            withCStrings(executable.environment + environment) { variables in
                cposix_spawn(
                    executable.path, words, variables, input, output, errors, limits.cpuSeconds, limits.addressSpace,
                    limits.fileSize)
            }
        }
    }

    private func withCStrings<T>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> T
    ) -> T {
        var pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            // The array has at least the nil at its end.
            withUnsafePointer(to: &buffer[0]) { body($0) }
        }
    }
}

/// Why git could not be asked, in words for the log.
package struct GitTransportError: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}
