import ConnectorKit
import Testing

@Suite struct MACTests {
    private let bytes = (0..<40).map { UInt8($0) }

    @Test func readsItsBytesWhereTheyAre() throws {
        let mac = try #require(MAC(bytes, at: 3))
        #expect(mac.bytes == Array(3..<35))
        #expect(mac == MAC(bytes[3..<35]))
        #expect(MAC(bytes, at: 8) != nil)
        for offset in [-1, 9, 40, .max, .min] { #expect(MAC(bytes, at: offset) == nil) }
        #expect(MAC([], at: 0) == nil)
        #expect(MAC(bytes) == nil)
    }

    @Test func writesThemBehindWhatIsThere() throws {
        var target: [UInt8] = [0xAA]
        try #require(MAC(bytes, at: 0)).append(to: &target)
        #expect(target == [0xAA] + bytes[..<32])
    }

    @Test func sortsLikeItsHexadecimalForm() throws {
        let low = try #require(MAC(bytes, at: 0))
        let high = try #require(MAC(bytes, at: 1))
        #expect(low < high && low.hex < high.hex)
        #expect(MAC(hex: low.hex.uppercased()) == low)
    }
}
