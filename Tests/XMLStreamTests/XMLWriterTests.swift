import Testing
import XMLStream

private func written(_ body: (inout XMLWriter) -> Void) -> String {
    var writer = XMLWriter(prefixes: [.init("D", "DAV:"), .init("C", "urn:c")])
    body(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
}

@Suite struct XMLWriterTests {
    @Test func prefixesAreDeclaredOnceAndUnknownNamespacesWhereTheyAppear() throws {
        let text = written { writer in
            writer.element(XMLName("DAV:", "prop")) { writer in
                writer.empty(XMLName("urn:c", "x"))
                writer.element(
                    XMLName("urn:other", "y"), text: "1", attributes: [.init(XMLName("urn:third", "k"), "v")])
                writer.empty(XMLName("", "plain"))
            }
        }
        #expect(
            text
                == #"<D:prop xmlns:D="DAV:" xmlns:C="urn:c"><C:x/><x:y xmlns:x="urn:other" xmlns:a1="urn:third" a1:k="v">1</x:y><plain/></D:prop>"#
        )
        let tree = try XMLElement(parsing: Array(text.utf8))
        #expect(tree.elements.map(\.name.description) == ["{urn:c}x", "{urn:other}y", "plain"])
    }

    @Test func carriageReturnsSurviveAParser() throws {
        let data = "BEGIN:VCALENDAR\r\nSUMMARY:a < b & c > d \"q\"\r\n"
        let text = written { $0.element(XMLName("urn:c", "calendar-data"), text: data) }
        #expect(text.contains("&#13;\n"))
        #expect(try XMLElement(parsing: Array(text.utf8)).text == data)
    }

    @Test func attributesSurviveAParser() throws {
        let value = "a\tb\r\nc<>&\"'d"
        let text = written {
            $0.empty(XMLName("DAV:", "a"), attributes: [.init(XMLName("", "k"), value), .init(.xmlLang, "cs")])
        }
        let element = try XMLElement(parsing: Array(text.utf8))
        #expect(element.attribute("k") == value)
        #expect(element.language == "cs")
    }

    @Test func whatXMLCannotCarryIsReplaced() throws {
        let bytes: [UInt8] = [
            0x61, 0x00, 0x07, 0xFF, 0xC3, 0x28, 0xED, 0xA0, 0x80, 0xEF, 0xBF, 0xBF, 0xF0, 0x9F, 0x98, 0x80, 0xC3,
        ]
        let text = written { writer in
            writer.start(XMLName("DAV:", "a"))
            writer.text(bytes)
            writer.end()
        }
        let read = try XMLElement(parsing: Array(text.utf8)).text
        #expect(read.hasPrefix("a\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}("))
        #expect(read.contains("😀"))
    }

    @Test func takingMovesTheBytesOut() {
        var writer = XMLWriter(prefixes: [])
        writer.start(XMLName("", "a"))
        let first = writer.take()
        writer.end()
        #expect(String(decoding: first + writer.take(), as: UTF8.self) == "<a></a>")
        #expect(writer.bytes.isEmpty)
    }
}

@Suite struct XMLElementTests {
    @Test func childrenAndText() throws {
        let root = try XMLElement(parsing: Array("<a xmlns='DAV:'> <b> x </b><b>y</b>tail<c/></a>".utf8))
        let b = XMLName("DAV:", "b")
        #expect(root.first(b)?.trimmedText == "x")
        #expect(root.all(b).map(\.text) == [" x ", "y"])
        #expect(root.elements.count == 3)
        #expect(root.first(XMLName("DAV:", "d")) == nil)
    }

    @Test func clarkNotation() {
        #expect(XMLName(clark: "{DAV:}prop") == XMLName("DAV:", "prop"))
        #expect(XMLName(clark: "prop") == XMLName("", "prop"))
        #expect(XMLName(clark: "{DAV:}") == nil)
        #expect(XMLName(clark: "{DAV:") == nil)
        #expect(XMLName("DAV:", "prop").description == "{DAV:}prop")
    }

    @Test func knowsWhatXMLCannotCarry() {
        #expect(
            XMLWriter.escaped(Array("FN:Žofie & Co\r\n\t😀\u{FFFD}".utf8))
                == Array("FN:Žofie &amp; Co&#13;\n\t😀\u{FFFD}".utf8))
        for bytes: [UInt8] in [[0x46, 0xE9], [0x00], [0x0B], [0xC3], [0xED, 0xA0, 0x80], [0xEF, 0xBF, 0xBE]] {
            #expect(XMLWriter.escaped(bytes) == nil, "\(bytes)")
        }
    }
}
