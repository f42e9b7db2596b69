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

/// Memory that a device can read and write itself: begins and ends at a multiple of 4096.
struct PageBuffer: ~Copyable {
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
