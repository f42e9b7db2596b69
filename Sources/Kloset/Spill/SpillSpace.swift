import Crypto
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Room for what a writer has to keep and memory should not hold: blocks in memory up to a limit, then in a temporary
/// file that nobody else can see and that goes away with the process.
///
/// What an encrypted store protects does not reach the disk in the clear: the file is then encrypted with a key that
/// only this object knows.
package final class SpillSpace: Sendable {
    /// Where a block is.
    struct Block: Sendable {
        /// In the file; or, in memory, an index.
        fileprivate let position: Int
        fileprivate let length: Int
        fileprivate let isInMemory: Bool
    }

    private let folder: String
    private let key: SymmetricKey?
    private let memoryLimit: Int
    private let state = Mutex(State())

    private struct State {
        var memory: [[UInt8]] = []
        var memoryUsed = 0
        var descriptor: Int32 = -1
        var end = 0
    }

    /// - Parameters:
    ///   - folder: where the temporary file is made, once there is need for one.
    ///   - memoryLimit: bytes that stay in memory.
    package init(folder: String, isEncrypted: Bool, memoryLimit: Int = 1 << 20) {
        self.folder = folder
        self.memoryLimit = memoryLimit
        key = isEncrypted ? SymmetricKey(size: .bits256) : nil
    }

    deinit {
        state.withLock { if $0.descriptor >= 0 { close($0.descriptor) } }
    }

    /// The folder for temporary files: `TMPDIR` when it is set, else one that is on a disk, not in memory.
    package static var defaultFolder: String {
        if let chosen = getenv("TMPDIR").map({ String(cString: $0) }), !chosen.isEmpty { return chosen }
        return access("/var/tmp", W_OK) == 0 ? "/var/tmp" : "/tmp"
    }

    func store(_ bytes: [UInt8]) throws(KlosetError) -> Block {
        let (block, failure) = state.withLock { state -> (Block?, KlosetError?) in
            if state.memoryUsed + bytes.count <= memoryLimit {
                state.memory.append(bytes)
                state.memoryUsed += bytes.count
                return (Block(position: state.memory.count - 1, length: bytes.count, isInMemory: true), nil)
            }
            do throws(KlosetError) {
                return (try write(bytes, &state), nil)
            } catch {
                return (nil, error)
            }
        }
        guard let block else { throw failure ?? KlosetError(.limitExceeded, "The temporary file is full.") }
        return block
    }

    func load(_ block: Block) throws(KlosetError) -> [UInt8] {
        if block.isInMemory { return state.withLock { $0.memory[block.position] } }
        let descriptor = state.withLock { $0.descriptor }
        var isWhole = true
        let bytes = [UInt8](unsafeUninitializedCapacity: block.length) { buffer, count in
            while count < block.length {
                let received = pread(
                    descriptor, buffer.baseAddress.map { $0 + count }, block.length - count,
                    off_t(block.position + count))
                if received < 0, errno == EINTR { continue }
                guard received > 0 else {
                    isWhole = false
                    return
                }
                count += received
            }
        }
        guard isWhole else { throw failure("read") }
        guard let key else { return bytes }
        do {
            return Array(try AES.GCM.open(AES.GCM.SealedBox(combined: bytes), using: key))
        } catch {
            throw KlosetError(.corrupt, "A temporary file in \(folder) was changed while it was in use.")
        }
    }

    private func write(_ bytes: [UInt8], _ state: inout State) throws(KlosetError) -> Block {
        if state.descriptor < 0 { state.descriptor = try open() }
        var bytes = bytes
        if let key {
            do {
                let box = try AES.GCM.seal(bytes, using: key)
                guard let combined = box.combined else { throw KlosetError(.limitExceeded, "No nonce.") }
                bytes = Array(combined)
            } catch {
                throw KlosetError(.limitExceeded, "A temporary file could not be encrypted: \(error)")
            }
        }
        let isWhole = bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let written = pwrite(
                    state.descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done,
                    off_t(state.end + done))
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return false }
                done += written
            }
            return true
        }
        guard isWhole else { throw failure("write") }
        defer { state.end += bytes.count }
        return Block(position: state.end, length: bytes.count, isInMemory: false)
    }

    /// The file loses its name at once: nobody finds it, and nothing is left of it after a crash.
    private func open() throws(KlosetError) -> Int32 {
        var template = Array("\(folder)/fasti.XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw failure("make") }
        unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }

    private func failure(_ verb: String) -> KlosetError {
        KlosetError(
            .limitExceeded, "Cannot \(verb) a temporary file in \(folder): \(String(cString: strerror(errno))).",
            advice: "Make room there, or set TMPDIR to a folder with room.")
    }
}
