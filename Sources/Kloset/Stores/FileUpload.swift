import ConnectorKit
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file of a store that is written piece by piece beside its place, then synced and renamed.
final class FileUpload: StoreUpload {
    private let path: String
    private let temporary: String
    private let state: Mutex<State>

    private struct State {
        /// -1 once the file is closed.
        var descriptor: Int32
    }

    init(to path: String, temporaryIn folder: String) throws {
        self.path = path
        temporary = "\(folder)/tmp.\(UInt64.random(in: .min ... .max))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw systemError("write", path) }
        state = Mutex(State(descriptor: descriptor))
    }

    deinit { discard() }

    func append(_ piece: [UInt8]) throws {
        try state.withLock { state in
            guard state.descriptor >= 0 else { throw ConnectorError(.inputOutput, "\(path) was given up.") }
            try DurableFile.writeAll(piece, to: state.descriptor, path)
        }
    }

    func finish() throws {
        try state.withLock { state in
            guard state.descriptor >= 0 else { throw ConnectorError(.inputOutput, "\(path) was given up.") }
            guard fsync(state.descriptor) == 0 else { throw systemError("write", path) }
            let result = close(state.descriptor)
            state.descriptor = -1
            guard result == 0, rename(temporary, path) == 0 else {
                let error = systemError("write", path)
                unlink(temporary)
                throw error
            }
        }
        try Folder.synchronize(Folder.parent(of: path))
    }

    func abort() { discard() }

    private func discard() {
        state.withLock { state in
            guard state.descriptor >= 0 else { return }
            close(state.descriptor)
            state.descriptor = -1
            unlink(temporary)
        }
    }
}
