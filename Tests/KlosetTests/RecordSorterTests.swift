import Foundation
import Kloset
import SeededNumbers
import Testing

/// What does not fit into memory is sorted all the same.
@Suite struct RecordSorterTests {
    private struct Pair: Equatable {
        let key: [UInt8]
        let payload: [UInt8]
    }

    /// Paths of several depths, many of them more than once; the payload says when each came.
    private static let pairs: [Pair] = {
        var random = SeededGenerator(seed: 11)
        return (0..<20_000).map { number in
            let depth = 1 + Int(random.next() % 4)
            let path = (0..<depth).map { _ in "/" + ["a", "a-b", "a b", "b", "zz"][Int(random.next() % 5)] }.joined()
            return Pair(key: Array("\(path)\(random.next() % 50)".utf8), payload: Array("\(number)".utf8))
        }
    }()

    private static func expected(_ order: RecordSorter.Order) -> [Pair] {
        func slashes(_ key: [UInt8]) -> Int { key.count { $0 == UInt8(ascii: "/") } }
        return pairs.enumerated().sorted { a, b in
            let (left, right) = (a.element.key, b.element.key)
            let (deep, deeper) = (slashes(left), slashes(right))
            if order != .bytewiseDescending, deep != deeper { return order == .byDepth ? deep < deeper : deep > deeper }
            guard left != right else { return a.offset < b.offset }
            let isLess = left.lexicographicallyPrecedes(right)
            return order == .byDepth || order == .deepestFirst ? isLess : !isLess
        }.map(\.element)
    }

    struct Limits: Sendable {
        /// Bytes before a run is made, and bytes of runs before they go to the disk.
        let capacity: ClosedRange<Int>
        let memory: Int
        let isEncrypted: Bool

        static let all = [
            Limits(capacity: 4 << 20...4 << 20, memory: 1 << 20, isEncrypted: false),
            Limits(capacity: 4096...4096, memory: 0, isEncrypted: true),
            Limits(capacity: 65_536...65_536, memory: 200_000, isEncrypted: false),
            Limits(capacity: 1024...65_536, memory: 10_000, isEncrypted: false),
        ]
    }

    @Test(arguments: RecordSorter.Order.allCases, Limits.all)
    func sortsWhateverTheMemory(order: RecordSorter.Order, limits: Limits) throws {
        let folder = try TemporaryFolder()
        let space = SpillSpace(
            folder: folder.path, isEncrypted: limits.isEncrypted, memoryLimit: limits.memory)
        var sorter = RecordSorter(order, space, capacity: limits.capacity)
        for pair in Self.pairs { try sorter.append(pair.key, pair.payload) }
        var records = try sorter.sorted()
        var found: [Pair] = []
        while let record = try records.next() {
            found.append(Pair(key: Array(record.key), payload: Array(record.payload)))
        }
        #expect(found == Self.expected(order))
        // The temporary file has no name.
        let path = folder.path
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == [])
    }

    @Test func aFolderWithoutRoomIsAnErrorThatNamesIt() {
        let space = SpillSpace(folder: "/nonexistent/folder", isEncrypted: false, memoryLimit: 0)
        var sorter = RecordSorter(.byDepth, space, capacity: 64...64)
        #expect {
            for pair in Self.pairs.prefix(100) { try sorter.append(pair.key, pair.payload) }
        } throws: { error in
            "\(error)".contains("/nonexistent/folder")
        }
    }
}
