import ConnectorKit
import Testing

@Suite struct BytePathTests {
    @Test(arguments: [
        ("", "/"), ("/", "/"), ("a", "/a"), ("/a/", "/a"), ("//a///b", "/a/b"), ("/a/./b/..", "/a"), ("/../..", "/"),
    ])
    func cleans(raw: String, expected: String) {
        #expect(BytePath(raw).bytes == Array(expected.utf8))
    }

    @Test func refusesWhatIsNotClean() {
        for bad in ["", "a", "/a/", "//", "/a//b", "/a/../b", "/.", "/a\0"] {
            #expect(BytePath(validating: Array(bad.utf8)) == nil, "\(bad)")
        }
        #expect(BytePath(validating: Array("/a/b".utf8)) == "/a/b")
    }

    @Test func knowsItsPlace() throws {
        let path: BytePath = "/calendars/work/x.ics"
        #expect(path.parent == "/calendars/work")
        #expect(path.name == Array("x.ics".utf8))
        #expect(path.relative(to: "/calendars") == "/work/x.ics")
        #expect(path.relative(to: "/cal") == nil)
        #expect(BytePath("/x.ics").joined(to: "/a/b") == "/a/b/x.ics")
        #expect(path.appending("..") == nil)
        #expect(path.appending([0x66, 0xFF])?.description == "/calendars/work/x.ics/f\u{FFFD}")
    }
}
