import ConnectorKit
import KlosetFormat
import Testing

/// Trees that are made at once obey the rules of Kloset format, section 9.4.
@Suite struct BTreeTests {
    private static func pairs(_ count: Int) -> [(key: [UInt8], value: MAC)] {
        (0..<count).map { number in
            let text = String(number)
            let key = "/d/" + String(repeating: "0", count: 7 - text.utf8.count) + text
            return (Array(key.utf8), digest(Array(text.utf8)))
        }
    }

    @Test(arguments: [0, 1, 2, 48, 49, 50, 51, 98, 99, 2450, 2451, 2500, 125_000])
    func everyShapeIsSound(count: Int) throws {
        let pairs = Self.pairs(count)
        let tree = try BTreeBuilder.collect(pairs, order: .byDepth)
        #expect(tree.root.order == 50 && tree.root.count == 0 && tree.root.version == .none)
        let top = try #require(tree.nodes[tree.root.root])
        var leaves: [MAC] = []
        var found: [(key: [UInt8], value: MAC)] = []
        var depths: Set<Int> = []
        func walk(_ mac: MAC, _ node: BTreeNode, depth: Int, low: [UInt8]?, high: [UInt8]?) throws {
            #expect(node.isOrdered(.byDepth))
            #expect(node.keys.count <= 49)
            if let low, let first = node.keys.first { #expect(!TreeOrder.byDepth.precedes(first, low)) }
            if let high, let last = node.keys.last { #expect(TreeOrder.byDepth.precedes(last, high)) }
            if node.isLeaf {
                depths.insert(depth)
                leaves.append(mac)
                found += zip(node.keys, node.values).map { (key: $0, value: $1) }
                return
            }
            #expect(node.pointers.count >= 2 && node.pointers.count <= 50)
            #expect(node.next == nil && node.previous == nil)
            for (index, pointer) in node.pointers.enumerated() {
                let child = try #require(tree.nodes[pointer])
                // The separator is the smallest key to its right.
                let low = index == 0 ? low : node.keys[index - 1]
                try walk(
                    pointer, child, depth: depth + 1, low: low, high: index < node.keys.count ? node.keys[index] : high)
            }
        }
        try walk(tree.root.root, top, depth: 0, low: nil, high: nil)
        #expect(depths.count == 1)
        #expect(found.map(\.key) == pairs.map(\.key))
        #expect(found.map(\.value) == pairs.map(\.value))
        for (leaf, next) in zip(leaves, leaves.dropFirst().map(Optional.some) + [nil]) {
            #expect(tree.nodes[leaf]?.next == next)
        }
        // The topmost node comes last, and every node after what it names.
        var known: Set<MAC> = []
        for mac in tree.made {
            let node = try #require(tree.nodes[mac])
            #expect(node.pointers.allSatisfy(known.contains))
            if let next = node.next { #expect(known.contains(next)) }
            known.insert(mac)
        }
        #expect(tree.made.last == tree.root.root)
    }

    @Test func everyKeyIsFound() throws {
        let pairs = Self.pairs(2500)
        let tree = try BTreeBuilder.collect(pairs, order: .bytewise)
        for pair in pairs {
            var node = try #require(tree.nodes[tree.root.root])
            while !node.isLeaf {
                node = try #require(tree.nodes[node.pointers[node.childIndex(for: pair.key, .bytewise)]])
            }
            #expect(node.value(for: pair.key, .bytewise) == pair.value)
            #expect(node.value(for: pair.key + [0], .bytewise) == nil)
        }
    }

    @Test func depthComesBeforeBytes() {
        let sorted = ["/", "/a", "/b", "/a/x", "/b/y", "/b/y/z"].map { Array($0.utf8) }
        for (a, b) in zip(sorted, sorted.dropFirst()) {
            #expect(TreeOrder.byDepth.precedes(a, b))
            #expect(!TreeOrder.byDepth.precedes(b, a))
        }
        #expect(TreeOrder.bytewise.precedes(sorted[3], sorted[2]))
    }

    @Test func refusesKeysOutOfOrderAndWrongCounts() throws {
        let store: ([UInt8]) throws -> MAC = { digest($0) }
        var builder = BTreeBuilder(count: 3, order: .bytewise)
        try builder.add([2], .zero, store: store)
        #expect(throws: FormatError(.notWritable, "")) { try builder.add([2], .zero, store: store) }
        try builder.add([1], .zero, store: store)
        #expect(throws: FormatError(.notWritable, "")) { try builder.finish(store: store) }
        var full = BTreeBuilder(count: 1, order: .bytewise)
        try full.add([2], .zero, store: store)
        #expect(throws: FormatError(.notWritable, "")) { try full.add([1], .zero, store: store) }
    }

    @Test func keysOfTheOtherTrees() {
        #expect(
            TreeKey.extendedAttribute(path: "/etc/hosts", name: Array("user.foo".utf8), kind: .extended)
                == Array("/etc/hostsuser.foo:".utf8))
        #expect(
            TreeKey.contentType("text/plain; charset=utf-8", path: "/etc/hosts") == Array("/text/plain/etc/hosts".utf8))
        #expect(
            TreeKey.contentType(Entry.notRegularContentType, path: "/dev/null")
                == Array("/application/x-not-regular-file/dev/null".utf8))
    }
}
