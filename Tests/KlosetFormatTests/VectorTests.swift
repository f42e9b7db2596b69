import ConnectorKit
import KlosetFormat
import Testing

@Suite struct VectorTests {
    @Test func emptyTree() throws {
        let node = try BTreeNode(decoding: hex("84a776657273696f6ece00000000a46b657973c0a8706f696e74657273c0a676616c756573c0"))
        #expect(node == BTreeNode(keys: [], values: [], next: nil))
    }
}

/// Bytes from hexadecimal digits; blanks are passed over.
func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue).map(UInt8.init)
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
