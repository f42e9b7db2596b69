import ContentLines
import Testing

@Suite struct ContentDocumentTests {
    private func lines(_ text: String, groups: Bool = false) throws -> [ContentLine] {
        Array(try ContentDocument(Array(text.utf8), groups: groups))
    }

    @Test func takesALineApart() throws {
        let line = try #require(
            try lines("ATTENDEE;CN=\"Doe: John, Jr\";ROLE=CHAIR,\"a;b\":mailto:j@example.org\r\n").first)
        #expect(line.isWellFormed)
        #expect(line.name == "ATTENDEE")
        #expect(line.rawText == "mailto:j@example.org")
        #expect(line.parameters.map(\.name) == ["CN", "ROLE"])
        #expect(line.parameterValue("cn") == "Doe: John, Jr")
        #expect(line.parameter("ROLE")?.values == ["CHAIR", "a;b"])
        #expect(line.parameter("TZID") == nil)
    }

    @Test(arguments: ["\r\n", "\n", "\r"])
    func knowsAllLineEnds(end: String) throws {
        let source = ["BEGIN:X", "A:1", " 2", "", "B:3"].joined(separator: end) + end
        let document = try ContentDocument(Array(source.utf8))
        #expect(document.map(\.name) == ["BEGIN", "A", "B"])
        #expect(document.map(\.rawText) == ["X", "12", "3"])
        #expect(document.source == Array(source.utf8))
    }

    @Test func unfoldsInsideACharacter() throws {
        let bytes = Array("SUMMARY:caf".utf8) + [0xC3, 0x0D, 0x0A, 0x20, 0xA9] + Array("\r\n\tbar\r\nUID:1".utf8)
        let document = try ContentDocument(bytes)
        #expect(document[0].text == "cafébar")
        #expect(document[0].extent == 0..<(document[1].extent.lowerBound))
        #expect(document[1].rawText == "1")
        #expect(document[1].extent.upperBound == bytes.count)
    }

    @Test func decodesCaretEscapes() throws {
        let line = try #require(try lines("A;P=\"x^ny^^z^'w^q^\":v").first)
        #expect(line.parameterValue("P") == "x\ny^z\"w^q^")
    }

    @Test func decodesTextEscapes() throws {
        let line = try #require(try lines(#"A:one\, two\; three\\ four\nfive\N\x\"#).first)
        #expect(line.text == "one, two; three\\ four\nfive\n\\x\\")
    }

    @Test func keepsWhatIsNoLine() throws {
        let all = try lines("no colon\nA;\"unbalanced:v\n:nameless\nB:ok\n")
        #expect(all.map(\.isWellFormed) == [false, true, false, true])
        #expect(all[1].name == "A")
        #expect(String(decoding: all[0].bytes, as: UTF8.self) == "no colon")
    }

    @Test func findsGroups() throws {
        let line = try #require(try lines("item1.EMAIL;type=INTERNET:a@b", groups: true).first)
        #expect(line.group == "item1")
        #expect(line.name == "EMAIL")
        #expect(line.hasName("email"))
    }

    @Test func joinsQuotedPrintable() throws {
        let all = try lines("NOTE;ENCODING=QUOTED-PRINTABLE:one=0D=0A=\r\ntwo=\r\n three\r\nFN:x\r\n", groups: true)
        #expect(all.map(\.name) == ["NOTE", "FN"])
        #expect(all[0].rawText == "one=0D=0Atwo three")
    }

    @Test func passesOverAByteOrderMark() throws {
        let document = try ContentDocument([0xEF, 0xBB, 0xBF] + Array("BEGIN:X\n".utf8))
        #expect(document[0].name == "BEGIN")
    }

    @Test func boundsTheNumberOfLines() {
        #expect(throws: ContentError.self) {
            try ContentDocument(Array(repeating: [0x41, 0x3A, 0x0A], count: 11).flatMap { $0 }, maximumLines: 10)
        }
    }

    @Test func survivesNoise() throws {
        let alphabet = Array("AB.;:=,\"^\\ \t\r\n".utf8) + [0x00, 0xC3, 0xA9, 0xFF]
        var state: UInt64 = 42
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<3_000 {
            let bytes = (0..<random(60)).map { _ in alphabet[random(alphabet.count)] }
            let document = try ContentDocument(bytes, groups: random(2) == 0)
            var end = 0
            for line in document {
                #expect(line.extent.lowerBound >= end)
                end = line.extent.upperBound
                _ = (line.name, line.group, line.text, line.parameters.map(\.values))
            }
            #expect(end <= bytes.count)
        }
    }
}
