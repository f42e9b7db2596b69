import CPOSIX
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
    private let cache: SystemCache
    private let state: Mutex<State>

    private struct State: ~Copyable {
        /// -1 once the file is closed.
        var descriptor: Int32
        /// What is not written yet, when writes go past the system's memory.
        var buffer: PageBuffer?
        var pending = 0
        /// Where the next byte goes that is not pending.
        var offset: Int64 = 0
        /// The file system refuses to be written to directly.
        var mustCache = false
    }

    /// Written at once past the system's memory.
    private static let bufferSize = 1 << 20

    init(of mac: MAC, to path: String, temporaryIn folder: String, _ cache: SystemCache) throws {
        self.path = path
        self.cache = cache
        temporary = "\(folder)/tmp.\(mac.hex).\(UInt32.random(in: .min ... .max))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw systemError("write", path) }
        state = Mutex(State(descriptor: descriptor))
    }

    deinit { discard() }

    func append(_ piece: [UInt8]) async throws {
        let mayCache = cache.takesWrite(of: piece.count)
        try await blocking {
            try self.state.withLock { state in
                guard state.descriptor >= 0 else {
                    throw ConnectorError(.inputOutput, "\(self.path) was given up.")
                }
                try piece.withUnsafeBytes { try self.append($0, mayCache: mayCache, &state) }
            }
        }
    }

    func finish() async throws {
        try await blocking { try self.publish() }
    }

    func abort() { discard() }

    /// What the temporary file of that name was to become.
    static func packfile(ofTemporary name: String) -> MAC? {
        let parts = name.split(separator: ".")
        return parts.count == 3 && parts[0] == "tmp" ? MAC(hex: String(parts[1])) : nil
    }

    // MARK: Writing

    private func append(_ bytes: UnsafeRawBufferPointer, mayCache: Bool, _ state: inout State) throws {
        if state.buffer == nil {
            // Only from a boundary on, which is where pieces end that are as long as ours.
            guard !mayCache, !state.mustCache, state.offset % Int64(PageBuffer.unit) == 0, setDirect(true, &state)
            else {
                return try write(bytes, &state)
            }
            state.buffer = PageBuffer(capacity: Self.bufferSize)
        }
        var position = 0
        while position < bytes.count {
            let room = Self.bufferSize - state.pending
            let part = UnsafeRawBufferPointer(rebasing: bytes[position..<min(bytes.count, position + room)])
            guard let target = state.buffer?.bytes else { return }
            UnsafeMutableRawBufferPointer(rebasing: target[state.pending...]).copyMemory(from: part)
            state.pending += part.count
            position += part.count
            if state.pending == Self.bufferSize { try flush(&state) }
        }
    }

    /// Writes what is pending: whole units directly, the rest as usual.
    private func flush(_ state: inout State) throws {
        guard state.pending > 0, let bytes = state.buffer?.bytes else { return }
        let direct = PageBuffer.roundDown(state.pending)
        try write(UnsafeRawBufferPointer(rebasing: bytes[..<direct]), &state)
        if direct < state.pending {
            guard setDirect(false, &state) else { throw systemError("write", path) }
            try write(UnsafeRawBufferPointer(rebasing: bytes[direct..<state.pending]), &state)
        }
        state.pending = 0
    }

    private func write(_ bytes: UnsafeRawBufferPointer, _ state: inout State) throws {
        var position = 0
        while position < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
            let count = pwrite(state.descriptor, rest.baseAddress, rest.count, off_t(state.offset))
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EINVAL && !state.mustCache {
                // Some file systems find out only now that they cannot, or want larger units.
                state.mustCache = true
                if setDirect(false, &state) { continue }
            }
            guard count >= 0 else { throw systemError("write", path) }
            position += count
            state.offset += Int64(count)
            if count % PageBuffer.unit != 0, !state.mustCache, position < bytes.count {
                // Written in part, as when a disk is nearly full: there are no units any more.
                state.mustCache = true
                _ = setDirect(false, &state)
            }
        }
    }

    private func setDirect(_ isDirect: Bool, _ state: inout State) -> Bool {
        let isDone = cposix_set_uncached(state.descriptor, isDirect ? 1 : 0) == 0
        if isDirect && !isDone { state.mustCache = true }
        return isDone
    }

    // MARK: End

    private func publish() throws {
        try state.withLock { state in
            guard state.descriptor >= 0 else { throw ConnectorError(.inputOutput, "\(path) was given up.") }
            try flush(&state)
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

    private func discard() {
        state.withLock { state in
            guard state.descriptor >= 0 else { return }
            close(state.descriptor)
            state.descriptor = -1
            unlink(temporary)
        }
    }
}
