import ConnectorKit
import Synchronization

/// Parts of packfiles that were read lately, as stored.
///
/// What belongs together lies together: the files of a folder, the nodes of a tree, which are written from the right to
/// the left. So a reader that goes on where it was fetches ahead, in its own direction and ever further, and most
/// blobs come out of a window instead of the store. Memory is bounded whatever is read.
final class PackfileWindows: Sendable {
    private struct Window {
        let packfile: MAC
        let start: UInt64
        let bytes: [UInt8]
        var lastUse: UInt64

        var end: UInt64 { start + UInt64(bytes.count) }
    }

    private struct State {
        var windows: [Window] = []
        var sizes: [MAC: UInt64] = [:]
        var clock: UInt64 = 0
    }

    /// Bytes around a blob that nothing before led to.
    private static let first: UInt64 = 32 << 10
    private static let largest: UInt64 = 512 << 10
    /// A blob from this size on is read by itself: fetching its neighbours too would gain nothing.
    private static let large: UInt64 = 128 << 10
    private static let count = 12
    private static let sizeCount = 4096

    /// Whether a part is read by itself.
    static func isLarge(_ range: Range<UInt64>) -> Bool { range.upperBound - range.lowerBound >= large }

    private let state = Mutex(State())

    /// The bytes of a part that some window holds, not copied.
    func find(_ packfile: MAC, _ range: Range<UInt64>) -> ArraySlice<UInt8>? {
        state.withLock { state in
            // The window that was used last is the last one.
            for index in state.windows.indices.reversed() {
                let window = state.windows[index]
                guard window.packfile == packfile, window.start <= range.lowerBound, range.upperBound <= window.end
                else { continue }
                state.clock += 1
                state.windows[index].lastUse = state.clock
                if index != state.windows.count - 1 { state.windows.swapAt(index, state.windows.count - 1) }
                return window.bytes[Int(range.lowerBound - window.start)..<Int(range.upperBound - window.start)]
            }
            return nil
        }
    }

    /// What to fetch for a part that no window holds: the part itself with what will be wanted next.
    ///
    /// - Parameter limits: the file, without what is no data.
    func plan(_ packfile: MAC, _ range: Range<UInt64>, limits: Range<UInt64>) -> Range<UInt64> {
        let length = range.upperBound - range.lowerBound
        guard length < Self.large, limits.lowerBound <= range.lowerBound, range.upperBound <= limits.upperBound else {
            return range
        }
        var before = Self.first
        var after = Self.first
        state.withLock { state in
            for window in state.windows where window.packfile == packfile {
                let size = min(Self.largest, UInt64(window.bytes.count) * 2)
                if range.lowerBound >= window.start, range.lowerBound <= window.end + Self.first {
                    (before, after) = (0, size)
                } else if range.upperBound <= window.end, range.upperBound + Self.first >= window.start {
                    (before, after) = (size, 0)
                }
            }
        }
        let start = range.lowerBound - min(before, range.lowerBound - limits.lowerBound)
        let end = range.upperBound + min(after, limits.upperBound - range.upperBound)
        return start..<end
    }

    func insert(_ packfile: MAC, start: UInt64, _ bytes: [UInt8]) {
        state.withLock { state in
            state.clock += 1
            let window = Window(packfile: packfile, start: start, bytes: bytes, lastUse: state.clock)
            guard state.windows.count >= Self.count,
                let oldest = state.windows.indices.min(by: {
                    state.windows[$0].lastUse < state.windows[$1].lastUse
                })
            else {
                state.windows.append(window)
                return
            }
            state.windows.remove(at: oldest)
            state.windows.append(window)
        }
    }

    /// The length of a packfile, asked for once.
    func size(of packfile: MAC, in store: any Store) async throws -> UInt64? {
        if let known = state.withLock({ $0.sizes[packfile] }) { return known }
        guard let size = try await store.size(of: .packfile, packfile) else { return nil }
        state.withLock { state in
            if state.sizes.count >= Self.sizeCount { state.sizes.removeAll() }
            state.sizes[packfile] = size
        }
        return size
    }
}
