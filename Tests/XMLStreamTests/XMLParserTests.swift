import SeededNumbers
import Testing
import XMLStream

/// Writes events down as short lines.
private struct Recorder: XMLEventHandler {
    var lines: [String] = []
    private var text: [UInt8] = []

    init() {}

    mutating func startElement(_ name: XMLName, attributes: [XMLAttribute]) {
        flush()
        lines.append(attributes.reduce("+\(name)") { "\($0) \($1.name)=\($1.value)" })
    }
    mutating func endElement(_ name: XMLName) {
        flush()
        lines.append("-\(name)")
    }
    mutating func text(_ piece: Span<UInt8>) {
        piece.withUnsafeBufferPointer { text.append(contentsOf: $0) }
    }
    private mutating func flush() {
        if !text.isEmpty { lines.append(String(decoding: text, as: UTF8.self)) }
        text = []
    }
}

private func events(_ document: String, limits: XMLLimits = .request) throws -> [String] {
    try XMLParser.parse(Array(document.utf8), limits: limits, handler: Recorder()).lines
}

private func failure(_ document: [UInt8], limits: XMLLimits = .request) -> XMLError? {
    #expect(throws: XMLError.self) { try XMLParser.parse(document, limits: limits, handler: Recorder()) }
}

@Suite struct XMLParserTests {
    @Test func namesCarryTheirNamespaces() throws {
        let lines = try events(
            #"<D:prop xmlns:D="DAV:" xmlns="urn:x"><D:a id="1" D:id="2">t &amp; <![CDATA[<u>]]></D:a><b/><c xmlns=""/></D:prop>"#
        )
        #expect(
            lines == [
                "+{DAV:}prop", "+{DAV:}a id=1 {DAV:}id=2", "t & <u>", "-{DAV:}a", "+{urn:x}b", "-{urn:x}b", "+c", "-c",
                "-{DAV:}prop",
            ])
    }

    @Test func commentsAndInstructionsAreSkipped() throws {
        #expect(try events("<?xml version='1.0'?><!-- x --><a><?php 1?>b<!-- y -->c</a>") == ["+a", "bc", "-a"])
    }

    @Test func bytesMayComeOneByOne() throws {
        let document = "<a xmlns='DAV:'>Ž<b k='ů'/></a>"
        let parser = try XMLParser(handler: Recorder(), limits: .request)
        for byte in document.utf8 { try parser.feed([byte]) }
        try parser.finish()
        #expect((parser.handler as? Recorder)?.lines == ["+{DAV:}a", "Ž", "+{DAV:}b k=ů", "-{DAV:}b", "-{DAV:}a"])
    }

    @Test func utf16IsRead() throws {
        var bytes: [UInt8] = [0xFF, 0xFE]
        for unit in "<?xml version='1.0' encoding='utf-16'?><a>č</a>".utf16 {
            bytes += [UInt8(unit & 0xFF), UInt8(unit >> 8)]
        }
        #expect(try XMLParser.parse(bytes, limits: .request, handler: Recorder()).lines == ["+a", "č", "-a"])
    }

    @Test(arguments: [
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "<!DOCTYPE l [<!ENTITY l0 'lol'><!ENTITY l1 '&l0;&l0;&l0;&l0;'><!ENTITY l2 '&l1;&l1;&l1;'>]><l>&l2;</l>",
    ])
    func doctypesAreRefused(document: String) {
        #expect(failure(Array(document.utf8))?.code == .doctype)
    }

    @Test func aBombIsRefusedBeforeItsEntitiesAreRead() throws {
        // The entities never end: the refusal must come while they are still arriving.
        let parser = try XMLParser(handler: Recorder(), limits: .request)
        #expect(throws: XMLError(.doctype, "")) { try parser.feed(Array("<!DOCTYPE l [<!ENTITY a 'b".utf8)) }
        #expect(throws: XMLError(.doctype, "")) { try parser.feed(Array("'>".utf8)) }
    }

    @Test(arguments: ["", "   ", "<a", "<a>", "<a><b/>", "<a>text", "<a><![CDATA[x", "<a></a"])
    func truncationIsAnError(document: String) {
        #expect([.truncated, .malformed].contains(failure(Array(document.utf8))?.code))
    }

    @Test(arguments: ["<a></b>", "<a/><b/>", "x", "<a b='1' b='2'/>", "<a>&nope;</a>", "<p:a/>", "<a>\u{1}</a>"])
    func malformedDocumentsAreRefused(document: String) {
        #expect(failure(Array(document.utf8))?.code == .malformed)
    }

    @Test func brokenUTF8IsRefused() {
        #expect(failure([0x3C, 0x61, 0x3E, 0xC3, 0x28, 0x3C, 0x2F, 0x61, 0x3E])?.code == .malformed)
    }

    @Test func errorsSayWhere() {
        let error = failure(Array("<a>\n  <b></c>\n</a>".utf8))
        #expect(error?.line == 2)
        #expect(error.map { $0.column > 3 } == true)
    }

    @Test func everyBoundHolds() {
        var limits = XMLLimits(bytes: 1_000, depth: 4, attributesPerElement: 3, names: 10, elements: 5)
        #expect(failure(Array("<a><a><a><a><a/></a></a></a></a>".utf8), limits: limits)?.code == .limitExceeded)
        #expect(failure(Array("<a a='' b='' c='' d=''/>".utf8), limits: limits)?.code == .limitExceeded)
        let many = (0..<11).map { "<n\($0)/>" }.joined()
        #expect(failure(Array("<a>\(many)</a>".utf8), limits: limits)?.code == .limitExceeded)
        #expect(
            failure(Array("<a>\(String(repeating: "x", count: 1_000))</a>".utf8), limits: limits)?.code
                == .limitExceeded)
        limits.names = 100
        #expect(throws: XMLError(.limitExceeded, "")) {
            try XMLElement(parsing: Array("<a><b/><b/><b/><b/><b/></a>".utf8), limits: limits)
        }
    }

    @Test func handlerErrorsStopTheParser() throws {
        struct Stop: Error {}
        struct Stopper: XMLEventHandler {
            mutating func startElement(_ name: XMLName, attributes: [XMLAttribute]) throws {
                if name.local == "b" { throw Stop() }
            }
            mutating func endElement(_ name: XMLName) {}
            mutating func text(_ text: Span<UInt8>) {}
        }
        #expect(throws: Stop.self) {
            try XMLParser.parse(Array("<a><b/><c/></a>".utf8), limits: .request, handler: Stopper())
        }
    }

    /// Text is joined before a handler sees it, up to a bound.
    @Test(arguments: [1, 100, 65_535, 65_536, 65_537, 300_000])
    func longTextArrivesWhole(count: Int) throws {
        let text = (0..<count).map { $0 % 61 == 0 ? "ü&#10;" : "x" }.joined()
        let wanted = text.replacing("&#10;", with: "\n")
        for piece in [1_000, 70_000, 2 << 20] {
            let parser = try XMLParser(handler: Recorder(), limits: .response)
            let bytes = Array("<a>\(text)<b/>\(text)</a>".utf8)
            for start in stride(from: 0, to: bytes.count, by: piece) {
                try parser.feed(Array(bytes[start..<min(start + piece, bytes.count)]))
            }
            try parser.finish()
            #expect((parser.handler as? Recorder)?.lines == ["+a", wanted, "+b", "-b", wanted, "-a"])
        }
    }

    @Test func manyDistinctNamesStayDistinct() throws {
        let names = (0..<500).map { "n\($0)" }
        let root = try XMLElement(parsing: Array("<r>\(names.map { "<\($0)/>" }.joined())</r>".utf8))
        #expect(root.elements.map(\.name.local) == names)
    }

    @Test func parsingNeverTrapsOnGarbage() {
        var generator = SeededGenerator(seed: 42)
        let seed = Array("<D:a xmlns:D='DAV:' k='v'><D:b>t&amp;</D:b><![CDATA[x]]><!-- c --></D:a>".utf8)
        for _ in 0..<2_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            // Either outcome is fine; a written tree must read back as itself.
            guard let tree = try? XMLElement(parsing: bytes) else { continue }
            var writer = XMLWriter(prefixes: [])
            writer.element(tree)
            #expect((try? XMLElement(parsing: writer.bytes)) == tree)
        }
    }
}
