import DAVConnector
import Foundation
import Testing

/// The list of a collection's objects, which is written and read in a way of its own.
@Suite struct ObjectsSidecarTests {
    private func object(_ name: String) throws -> ObjectsSidecar.Object {
        let values: [String: Any] = ["name": name, "href": "/cal/" + name, "size": 0, "modified": 0]
        return try JSONDecoder().decode(
            ObjectsSidecar.Object.self, from: JSONSerialization.data(withJSONObject: values))
    }

    private func odd() throws -> ObjectsSidecar {
        var full = try object("a.ics")
        full.etag = "W/\"x\\y\""
        full.digest = "0f"
        full.contentType = "text/calendar; charset=\"utf-8\""
        full.uid = "Grüße\t\u{1}\u{1F}\r\n\u{7F}\u{2028}😀 / \u{0}"
        full.size = 5 << 30
        full.modified = -86_400
        var empty = try object("b.ics")
        empty.etag = ""
        empty.uid = ""
        empty.contentType = ""
        var same = try object("c.ics")
        same.contentType = "text/calendar"
        same.modified = 7_258_118_400
        var next = same
        next.name = "é.ics"
        return try ObjectsSidecar([next, same, empty, full, object("\"{[,:]}\\.ics")])
    }

    @Test func oddValuesComeBack() throws {
        #expect(try ObjectsSidecar(decoding: odd().encoded()) == odd())
        #expect(ObjectsSidecar(decoding: try ObjectsSidecar([]).encoded()) == ObjectsSidecar([]))
    }

    /// People and other programs read the file as JSON.
    @Test func everyReaderOfJSONReadsTheSame() throws {
        #expect(try JSONDecoder().decode(ObjectsSidecar.self, from: Data(odd().encoded())) == odd())
    }

    @Test func whatEarlierVersionsWroteIsRead() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        #expect(try ObjectsSidecar(decoding: Array(encoder.encode(odd()))) == odd())
    }

    @Test func attachmentsStayWithTheirObject() throws {
        let json = """
            {"format":"fasti-dav-objects","objects":[{"attachments":[{"id":"1]}\\"","name":"a","url":"http://h/1"}],\
            "href":"/a","modified":1,"name":"a.ics","size":2},{"href":"/b","modified":1,"name":"b.ics","size":2}],"version":1}
            """
        let read = try #require(ObjectsSidecar(decoding: Array(json.utf8)))
        #expect(read.objects.first?.attachments?.map(\.id) == ["1]}\""])
        #expect(ObjectsSidecar(decoding: try read.encoded()) == read)
        #expect(String(decoding: try read.encoded(), as: UTF8.self).split(separator: "\n").count == 8)
    }

    @Test func aLaterVersionOrSomethingElseIsNotRead() throws {
        let bytes = try odd().encoded()
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(ObjectsSidecar(decoding: Array(text.replacing("\"version\":1", with: "\"version\":2").utf8)) == nil)
        for count in 0..<bytes.count - 1 { #expect(ObjectsSidecar(decoding: Array(bytes.prefix(count))) == nil) }
        #expect(ObjectsSidecar(decoding: bytes + bytes) == nil)
    }

    /// Whatever is read of a damaged file, Foundation reads the same, or refuses it for what text may not hold.
    @Test func damageNeverTraps() throws {
        let bytes = try odd().encoded()
        for place in bytes.indices {
            for byte: UInt8 in [0, 0x22, 0x2C, 0x39, 0x5C, 0x7D, 0xFF] {
                var damaged = bytes
                damaged[place] = byte
                guard let read = ObjectsSidecar(decoding: damaged),
                    let same = try? JSONDecoder().decode(ObjectsSidecar.self, from: Data(damaged))
                else { continue }
                #expect(ObjectsSidecar(read.objects) == ObjectsSidecar(same.objects), "byte \(place) is \(byte)")
            }
        }
    }
}
