import ConnectorKit
import Foundation
import KlosetFormat

/// Bytes from hexadecimal digits; blanks are passed over.
func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue).map(UInt8.init)
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// An identifier of 32 equal bytes.
func mac(_ byte: UInt8) -> MAC { MAC([UInt8](repeating: byte, count: 32)) ?? .zero }

/// A cheap stand-in for a keyed digest: FNV-1a four times over, each lane with its own start.
func digest(_ bytes: [UInt8]) -> MAC {
    let result = (UInt64(0)..<4).flatMap { lane -> [UInt8] in
        var state: UInt64 = 0xcbf2_9ce4_8422_2325 &+ lane &* 0x9E37_79B9_7F4A_7C15
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return (0..<8).map { UInt8(truncatingIfNeeded: state >> (8 * $0)) }
    }
    return MAC(result) ?? .zero
}

/// Stores that the Go engine wrote, where they are at hand: in the folder that FASTI_SHARED names, or in `shared`
/// beside the package.
enum SharedFixtures {
    static var root: URL {
        if let path = ProcessInfo.processInfo.environment["FASTI_SHARED"] { return URL(fileURLWithPath: path) }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared")
    }

    static var plainStore: URL { root.appendingPathComponent("fixtures/kloset/store-sha256-nocomp") }

    static var isPresent: Bool {
        FileManager.default.fileExists(atPath: plainStore.appendingPathComponent("CONFIG").path)
    }

    /// Every file in a folder of a store, by name.
    static func files(_ folder: String) throws -> [String: [UInt8]] {
        let base = plainStore.appendingPathComponent(folder)
        var result: [String: [UInt8]] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: base.path) where name.utf8.count == 67 {
            result[String(name.suffix(64))] = [UInt8](try Data(contentsOf: base.appendingPathComponent(name)))
        }
        return result
    }
}

extension BTreeBuilder {
    /// Builds a tree and returns its root and every node by its MAC, in the order of their making.
    static func collect(
        _ pairs: [(key: [UInt8], value: MAC)], order: TreeOrder
    ) throws -> (root: BTreeRoot, nodes: [MAC: BTreeNode], made: [MAC]) {
        var nodes: [MAC: BTreeNode] = [:]
        var made: [MAC] = []
        let root = try build(pairs, order: order) { bytes in
            let mac = digest(bytes)
            nodes[mac] = try BTreeNode(decoding: bytes)
            made.append(mac)
            return mac
        }
        return (root, nodes, made)
    }
}
