import ContentLines
import Testing

@Suite struct ContentLineWriterTests {
    @Test func foldsByOctetsBetweenCharacters() throws {
        var writer = ContentLineWriter()
        let text = String(repeating: "é", count: 100) + String(repeating: "🦉", count: 50)
        writer.write("SUMMARY", text: text)
        let physical = writer.bytes.split(separator: UInt8(ascii: "\n")).map { $0.dropLast() }
        #expect(physical.count > 4)
        for line in physical {
            #expect(line.count <= 75)
            #expect(String(validating: line, as: UTF8.self) != nil)
        }
        #expect(try ContentDocument(writer.bytes)[0].text == text)
    }

    @Test(arguments: [0, 1, 66, 67, 68, 74, 75, 140, 141, 142])
    func foldsAtEveryLength(length: Int) throws {
        var writer = ContentLineWriter()
        let value = String(repeating: "x", count: length)
        writer.write("SUMMARY", value: value.utf8)
        #expect(try ContentDocument(writer.bytes)[0].rawText == value)
        #expect(writer.bytes.suffix(2) == [13, 10])
        #expect(writer.bytes.split(separator: 10).allSatisfy { $0.count <= 76 })
    }

    @Test func foldsBytesThatAreNoText() throws {
        var writer = ContentLineWriter()
        let noise = [UInt8](repeating: 0x80, count: 300)
        writer.write(line: Array("X:".utf8) + noise)
        #expect(Array(try ContentDocument(writer.bytes)[0].value) == noise)
    }

    @Test func parametersComeBack() throws {
        var writer = ContentLineWriter()
        let values = ["plain", "a:b;c,d", "say \"hi\"", "two\nlines", "up^down"]
        writer.write("X-TEST", [("P", values), ("Q", [""])], text: "a,b;c\\d\ne")
        let line = try ContentDocument(writer.bytes)[0]
        #expect(line.parameter("P")?.values == values)
        #expect(line.parameterValue("Q") == "")
        #expect(line.text == "a,b;c\\d\ne")
    }

    @Test func copiesLinesAsTheyStand() throws {
        let source = Array("A:1\r\n  2\r\nB:3\nC:4".utf8)
        var writer = ContentLineWriter()
        for line in try ContentDocument(source) { writer.copy(line) }
        #expect(writer.bytes == Array("A:1\r\n  2\r\nB:3\r\nC:4\r\n".utf8))
    }
}
