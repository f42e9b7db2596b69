import CPOSIX
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How much of what a store reads and writes stays in the memory that the system keeps files in.
///
/// What a small backup writes is soon read again. A large one would drive out what the other programs of the machine
/// need, and pay for it: filling that memory costs more processor time than encrypting does. So each of the two
/// directions has a share, and what goes beyond it passes by.
final class SystemCache: Sendable {
    /// Bytes for each direction.
    private let share: Int
    private let written = Atomic<Int>(0)
    private let read = Atomic<Int>(0)

    init(share: Int) { self.share = share }

    /// Takes note of bytes that are about to be written.
    ///
    /// - Returns: whether they may stay.
    func takesWrite(of count: Int) -> Bool {
        written.wrappingAdd(count, ordering: .relaxed).newValue <= share
    }

    func takesRead(of count: Int) -> Bool {
        read.wrappingAdd(count, ordering: .relaxed).newValue <= share
    }
}

/// One buffer for direct reads that is used again: coming by a fresh one costs as much as reading into it.
final class SparePages: Sendable {
    private struct Slot: ~Copyable {
        var pages: PageBuffer?
    }

    static let shared = SparePages()
    private let slot = Mutex(Slot(pages: nil))
    /// Larger ones are given back.
    private static let largest = 4 << 20

    func withPages<Result>(_ capacity: Int, _ body: (borrowing PageBuffer) throws -> Result) rethrows -> Result {
        let spare = slot.withLock { $0.pages.take() }
        let pages = Self.fitting(spare, capacity)
        let result = try body(pages)
        if pages.bytes.count <= Self.largest { put(pages) }
        return result
    }

    private static func fitting(_ spare: consuming PageBuffer?, _ capacity: Int) -> PageBuffer {
        if let spare, spare.bytes.count >= capacity { return spare }
        return PageBuffer(capacity: max(capacity, 1 << 20))
    }

    private func put(_ pages: consuming PageBuffer) {
        var pages: PageBuffer? = pages
        slot.withLock { $0.pages = pages.take() }
    }
}

/// Memory that a device can read and write itself: begins and ends at a multiple of 4096.
///
/// `@unchecked Sendable`: it cannot be copied, so whoever has it is the only one with its memory.
struct PageBuffer: ~Copyable, @unchecked Sendable {
    /// A multiple of the block sizes that there are.
    static let unit = 4096

    let bytes: UnsafeMutableRawBufferPointer

    /// - Parameter capacity: bytes, rounded up to whole units.
    init(capacity: Int) {
        bytes = .allocate(byteCount: Self.roundUp(capacity), alignment: Self.unit)
    }

    deinit { bytes.deallocate() }

    static func roundUp(_ count: Int) -> Int { (count + unit - 1) / unit * unit }
    static func roundDown(_ count: Int) -> Int { count / unit * unit }
}
