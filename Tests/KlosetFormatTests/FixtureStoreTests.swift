import ConnectorKit
import Foundation
import KlosetFormat
import Testing

/// A whole store of the Go engine without compression and encryption: everything in it is decoded, and encoded again
/// to the same bytes.
@Suite(.enabled(if: SharedFixtures.isPresent, "the shared fixtures are not here"))
struct FixtureStoreTests {
    private let blobs: [BlobID: [UInt8]]

    init() throws { blobs = try Self.readPackfiles() }

    private static func readPackfiles() throws -> [BlobID: [UInt8]] {
        var blobs: [BlobID: [UInt8]] = [:]
        for (_, file) in try SharedFixtures.files("packfiles") {
            _ = try Wrapper(parsing: file, expecting: .packfile)
            let layout = try PackfileLayout(file: file)
            let footerBytes = Array(file[Int(layout.footer.lowerBound)..<Int(layout.footer.upperBound)])
            let footer = try PackfileFooter(decoding: footerBytes)
            #expect(footer.encoded() == footerBytes)
            let range = try layout.indexRange(footer)
            let indexBytes = Array(file[Int(range.lowerBound)..<Int(range.upperBound)])
            let index = try PackfileIndex.decode(indexBytes, footer: footer)
            #expect(PackfileIndex.encode(index) == indexBytes)
            let end = PackfileLayout.end(index: indexBytes, footer: footerBytes)
            #expect(end == Array(file[Int(range.lowerBound)..<file.count - Wrapper.footerSize]))
            for record in index {
                let start = Int(PackfileLayout.dataOffset + record.offset)
                blobs[record.blob] = Array(file[start..<start + Int(record.length)])
            }
        }
        return blobs
    }

    /// Decodes a blob of any type with inner structure and encodes it again.
    private static func recode(_ type: BlobType, _ bytes: [UInt8]) throws -> [UInt8]? {
        switch type {
        case .snapshot: try SnapshotHeader(decoding: bytes).encoded()
        case .object: try Object(decoding: bytes).encoded()
        case .entryRoot, .errorRoot, .attributeRoot, .indexRoot: try BTreeRoot(decoding: bytes).encoded()
        case .entryNode, .errorNode, .attributeNode, .indexNode: try BTreeNode(decoding: bytes).encoded()
        case .entry: try Entry(decoding: bytes).encoded()
        case .error: try ErrorItem(decoding: bytes).encoded()
        case .attribute: try ExtendedAttribute(decoding: bytes).encoded()
        case .summary: try Summary(decoding: bytes).encoded()
        default: nil
        }
    }

    @Test func everyBlobIsEncodedAgainToTheSameBytes() throws {
        var seen: [BlobType: Int] = [:]
        for (id, bytes) in blobs {
            guard let again = try Self.recode(id.type, bytes) else { continue }
            seen[id.type, default: 0] += 1
            #expect(again == bytes, "\(id)")
        }
        for type in [BlobType.snapshot, .object, .entryRoot, .entryNode, .entry, .errorRoot, .errorNode, .summary] {
            #expect(seen[type, default: 0] > 0, "no \(type) in the store")
        }
    }

    @Test func configurationAndStates() throws {
        let file = [UInt8](try Data(contentsOf: SharedFixtures.plainStore.appendingPathComponent("CONFIG")))
        let payload = Array(file[try Wrapper(parsing: file, expecting: .configuration).payload])
        let configuration = try StoreConfiguration(decoding: payload)
        #expect(configuration.hashing == .sha256)
        #expect(configuration.compression == nil && configuration.encryption == nil)
        #expect(configuration.encoded() == payload)
        for (_, file) in try SharedFixtures.files("states") {
            let wrapper = try Wrapper(parsing: file, expecting: .state)
            let payload = Array(file[wrapper.payload])
            var reader = try StateReader(payload, version: wrapper.version)
            var writer = StateWriter(parent: reader.parent, version: wrapper.version)
            var found: Set<BlobID> = []
            for record in try reader.records() {
                try writer.add(record)
                if case .location(let location) = record { found.insert(location.blob) }
            }
            let metadata = try #require(reader.metadata)
            #expect(writer.finish(timestamp: metadata.timestamp, serial: metadata.serial) == payload)
            #expect(found == Set(blobs.keys))
        }
    }

    @Test func entropiesAreTheEnginesToTheLastBit() throws {
        var compared = 0
        for (id, bytes) in blobs where id.type == .object {
            let object = try Object(decoding: bytes)
            for chunk in object.chunks {
                let content = try blob(.chunk, chunk.contentMAC)
                #expect(content.count == Int(chunk.length))
                if chunk.entropy == 0 { continue }
                #expect(Entropy.bitsPerByte(content) == chunk.entropy)
                compared += 1
            }
            #expect(Object.entropy(of: object.chunks) == object.entropy)
        }
        #expect(compared > 40)
    }

    @Test func directoriesListTheirChildrenAndSumThemUp() throws {
        let header = try self.header()
        let source = try #require(header.sources.first)
        let dirpacks = try pairs(source.index(SnapshotHeader.Index.dirpack), .bytewise)
        let summaries = try pairs(source.index(SnapshotHeader.Index.summary), .bytewise)
        #expect(dirpacks.keys == summaries.keys)
        var done: [BytePath: Summary] = [:]
        for (path, mac) in dirpacks.sorted(by: { TreeOrder.byDepth.precedes($1.key, $0.key) }) {
            let directory = try #require(BytePath(validating: path))
            var builder = SummaryBuilder()
            var packed: [UInt8] = []
            let content = try content(of: mac)
            for frame in try frames(content) {
                let entry = try Entry(decoding: frame.entry)
                #expect(entry.parentPath == directory)
                #expect(entry.isDirectory == frame.isDirectory)
                #expect(blobs[BlobID(.entry, frame.identifier)] == frame.entry)
                frame.append(to: &packed)
                if entry.isDirectory {
                    builder.add(directory: try #require(done[entry.path]))
                } else {
                    builder.add(entry)
                }
            }
            #expect(packed == content)
            done[directory] = builder.finish()
            let stored = try Summary(decoding: try blob(.summary, summaries[path]))
            #expect(stored == done[directory], "\(directory)")
        }
        #expect(done[.root] == source.summary)
    }

    @Test func pathsAreFoundInTheTreeOfEntries() throws {
        let header = try self.header()
        let source = try #require(header.sources.first)
        let root = try BTreeRoot(decoding: try blob(.entryRoot, source.root.entries))
        var count = 0
        for (id, bytes) in blobs where id.type == .entry {
            let key = try Entry(decoding: bytes).path.bytes
            var node = try entryNode(root.root)
            #expect(node.isOrdered(.byDepth))
            while !node.isLeaf { node = try entryNode(node.pointers[node.childIndex(for: key, .byDepth)]) }
            #expect(node.value(for: key, .byDepth) == id.mac)
            count += 1
        }
        #expect(count > 50)
    }

    private func blob(_ type: BlobType, _ mac: MAC?) throws -> [UInt8] {
        let mac = try #require(mac)
        return try #require(blobs[BlobID(type, mac)], "\(type) \(mac)")
    }

    private func header() throws -> SnapshotHeader {
        let blob = try #require(blobs.first { $0.key.type == .snapshot })
        return try SnapshotHeader(decoding: blob.value)
    }

    private func entryNode(_ mac: MAC) throws -> BTreeNode {
        try BTreeNode(decoding: try blob(.entryNode, mac))
    }

    /// All pairs of an index, along the chain of its leaves.
    private func pairs(_ rootMAC: MAC?, _ order: TreeOrder) throws -> [[UInt8]: MAC] {
        let root = try BTreeRoot(decoding: try blob(.indexRoot, rootMAC))
        var node = try indexNode(root.root)
        while let first = node.pointers.first { node = try indexNode(first) }
        var pairs: [[UInt8]: MAC] = [:]
        while true {
            #expect(node.isOrdered(order))
            for (key, value) in zip(node.keys, node.values) { pairs[key] = value }
            guard let next = node.next else { return pairs }
            node = try indexNode(next)
        }
    }

    private func indexNode(_ mac: MAC) throws -> BTreeNode {
        try BTreeNode(decoding: try blob(.indexNode, mac))
    }

    private func content(of mac: MAC) throws -> [UInt8] {
        let object = try Object(decoding: try blob(.object, mac))
        return try object.chunks.flatMap { try blob(.chunk, $0.contentMAC) }
    }

    private func frames(_ content: [UInt8]) throws -> [DirpackFrame] {
        var reader = DirpackReader()
        reader.append(content)
        var frames: [DirpackFrame] = []
        while let frame = try reader.next() { frames.append(frame) }
        try reader.finish()
        return frames
    }
}
