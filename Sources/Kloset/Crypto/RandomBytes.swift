import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Random bytes of the system, fetched many at a time: every blob needs a key and nonces, and one call of the system
/// for each eight bytes of them would cost more than the encryption.
final class RandomBytes: Sendable {
    static let shared = RandomBytes()

    private struct Stock {
        var bytes = [UInt8](repeating: 0, count: RandomBytes.capacity)
        /// Bytes before this index were given out, and are zero again.
        var used = RandomBytes.capacity
    }

    private static let capacity = 4096
    /// The most that the system gives in one call.
    private static let portion = 256

    private let stock = Mutex(Stock())

    /// - Returns: `count` bytes that nobody else gets.
    func next(_ count: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count)
        stock.withLock { stock in
            while result.count < count {
                if stock.used == Self.capacity { Self.fill(&stock) }
                let end = min(Self.capacity, stock.used + count - result.count)
                for index in stock.used..<end {
                    result.append(stock.bytes[index])
                    stock.bytes[index] = 0
                }
                stock.used = end
            }
        }
        return result
    }

    private static func fill(_ stock: inout Stock) {
        let isFilled = stock.bytes.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return false }
            return stride(from: 0, to: bytes.count, by: portion).allSatisfy { getentropy(base + $0, portion) == 0 }
        }
        if !isFilled {
            // Systems without that call have the generator of the standard library.
            var generator = SystemRandomNumberGenerator()
            for index in stock.bytes.indices { stock.bytes[index] = generator.next() }
        }
        stock.used = 0
    }
}
