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

/// A regular file that stays open for reading at any place, by several tasks at once.
final class OpenFile: Sendable {
    private let descriptor: Int32
    private let path: String
    /// For reads past the system's memory: -1 before the first one, -2 when that is impossible.
    private let direct = Mutex<Int32>(-1)

    init(_ path: String) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemError("read", path) }
        self.path = path
    }

    deinit {
        close(descriptor)
        let direct = direct.withLock { $0 }
        if direct >= 0 { close(direct) }
    }

    /// The length of the file in bytes, as it is now.
    func size() throws -> UInt64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw systemError("read", path) }
        guard status.st_mode & S_IFMT == S_IFREG, let size = UInt64(exactly: status.st_size) else {
            throw ConnectorError(.inputOutput, "\(path) is not a regular file.")
        }
        return size
    }

    /// Reads a part of the file. A range beyond its end is an error before anything is allocated.
    ///
    /// - Parameter isCached: whether what is read should stay in the system's memory; what is there already is taken
    ///   from there in any case.
    func read(_ range: Range<UInt64>, isCached: Bool = true) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try read(range, isCached: isCached, into: &bytes)
        return bytes
    }

    /// Puts a part of the file in place of what `bytes` holds; see ``read(_:isCached:)``.
    func read(_ range: Range<UInt64>, isCached: Bool, into bytes: inout [UInt8]) throws {
        let size = try size()
        guard range.upperBound <= size else {
            throw ConnectorError(
                .corrupt, "\(path) ends at byte \(size), but bytes up to \(range.upperBound) are needed.")
        }
        guard let count = Int(exactly: range.upperBound - range.lowerBound),
            let offset = off_t(exactly: range.lowerBound)
        else {
            throw ConnectorError(.limitExceeded, "\(path) is too large to read.")
        }
        bytes.removeAll(keepingCapacity: true)
        bytes.reserveCapacity(count)
        try bytes.append(addingCapacity: count) { span in
            try span.withUnsafeMutableBufferPointer { buffer, initialized in
                let buffer = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
                if !isCached {
                    initialized = readUncached(UnsafeMutableRawBufferPointer(buffer), offset)
                }
                while initialized < count {
                    let rest = UnsafeMutableBufferPointer(rebasing: buffer[initialized...])
                    let received = pread(descriptor, rest.baseAddress, rest.count, offset + off_t(initialized))
                    if received < 0 && errno == EINTR { continue }
                    guard received >= 0 else { throw systemError("read", path) }
                    guard received > 0 else {
                        throw ConnectorError(.corrupt, "\(path) became shorter while it was read.")
                    }
                    initialized += received
                }
            }
        }
    }

    /// Reads from the device itself what the system does not have in memory.
    ///
    /// - Returns: how many bytes could be read; whoever wants all reads the others in the usual way.
    private func readUncached(_ buffer: UnsafeMutableRawBufferPointer, _ offset: off_t) -> Int {
        guard cposix_is_cached(descriptor, Int64(offset), Int64(buffer.count)) == 0, let direct = openDirect() else {
            return 0
        }
        let start = PageBuffer.roundDown(Int(offset))
        let skipped = Int(offset) - start
        let wanted = PageBuffer.roundUp(skipped + buffer.count)
        return SparePages.shared.withPages(wanted) { pages in
            let received = pread(direct, pages.bytes.baseAddress, wanted, off_t(start))
            let usable = min(received - skipped, buffer.count)
            guard usable > 0 else { return 0 }
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: pages.bytes[skipped..<skipped + usable]))
            return usable
        }
    }

    private func openDirect() -> Int32? {
        direct.withLock { direct in
            if direct == -1 {
                let candidate = open(path, O_RDONLY | O_CLOEXEC)
                direct = -2
                if candidate >= 0, cposix_set_uncached(candidate, 1) == 0 {
                    direct = candidate
                } else if candidate >= 0 {
                    close(candidate)
                }
            }
            return direct >= 0 ? direct : nil
        }
    }
}

/// The files that were read lately, so that reading a thousand blobs of a packfile opens it once. Holds a bounded
/// number of descriptors, whatever the store has.
final class OpenFiles: Sendable {
    private struct Slot {
        let name: MAC
        let file: OpenFile
        var lastUse: UInt64
    }

    private struct State {
        var slots: [Slot] = []
        var clock: UInt64 = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) { self.capacity = capacity }

    /// The file of that name, opened with `open` when it is not open yet.
    func file(_ name: MAC, open: () throws -> OpenFile) rethrows -> OpenFile {
        if let known = find(name) { return known }
        let file = try open()
        state.withLock { state in
            state.clock += 1
            if state.slots.count >= capacity,
                let oldest = state.slots.indices.min(by: { state.slots[$0].lastUse < state.slots[$1].lastUse })
            {
                // A task that still reads from it keeps it open until it is done.
                state.slots.remove(at: oldest)
            }
            state.slots.append(Slot(name: name, file: file, lastUse: state.clock))
        }
        return file
    }

    private func find(_ name: MAC) -> OpenFile? {
        state.withLock { state in
            guard let index = state.slots.firstIndex(where: { $0.name == name }) else { return nil }
            state.clock += 1
            state.slots[index].lastUse = state.clock
            return state.slots[index].file
        }
    }

    /// Forgets a file that is replaced or removed.
    func forget(_ name: MAC) { state.withLock { $0.slots.removeAll { $0.name == name } } }

    func forgetAll() { state.withLock { $0.slots.removeAll() } }
}
