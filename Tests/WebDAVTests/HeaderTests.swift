import HTTPTypes
import SeededNumbers
import Testing
import WebDAV

@Suite struct HeaderTests {
    @Test func depth() throws {
        #expect(try Depth(header: nil, default: .infinity) == .infinity)
        #expect(try Depth(header: "Infinity", default: .zero) == .infinity)
        #expect(try Depth(header: "1", default: .zero) == .one)
        #expect(throws: DAVError(.badRequest, "")) { try Depth(header: "2", default: .zero) }
    }

    @Test func preferences() {
        #expect(Preferences([.prefer: "respond-async, return=minimal; foo=1, depth-noroot"]).isMinimal)
        #expect(Preferences([.prefer: "depth-noroot"]).depthNoRoot)
        #expect(Preferences([.prefer: "return=representation"]).return == .representation)
        #expect(Preferences([.brief: "t"]).isMinimal)
        #expect(!Preferences([.brief: "f"]).isMinimal)
    }

    @Test func entityTagLists() throws {
        #expect(try EntityTagCondition(header: " * ") == .any)
        #expect(
            try EntityTagCondition(header: "\"a\", W/\"b,c\" , plain")
                == .tags([EntityTag("a"), EntityTag("b,c", isWeak: true), EntityTag("plain")]))
        for bad in ["", "\"a", "\"a\" \"b\"", "*, \"a\"", ","] {
            #expect(throws: DAVError(.badRequest, "")) { try EntityTagCondition(header: bad) }
        }
    }

    /// The rules of RFC 9110, 13.1 and 13.2.2, in one table.
    @Test(arguments: [
        ("If-Match: \"a\"", "a", true, false, "proceed"), ("If-Match: \"b\"", "a", true, false, "412"),
        ("If-Match: W/\"a\"", "a", true, false, "412"), ("If-Match: \"x\", \"a\"", "a", true, false, "proceed"),
        ("If-Match: *", "a", true, false, "proceed"), ("If-Match: *", "", false, false, "412"),
        ("If-Match: \"a\"", "", false, false, "412"), ("If-None-Match: *", "", false, false, "proceed"),
        ("If-None-Match: *", "a", true, false, "412"), ("If-None-Match: \"a\"", "a", true, false, "412"),
        ("If-None-Match: W/\"a\"", "a", true, true, "304"), ("If-None-Match: \"b\"", "a", true, true, "proceed"),
        ("If-None-Match: *", "a", true, true, "304"),
        ("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", "a", true, true, "304"),
        ("If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT", "a", true, true, "proceed"),
        ("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", "a", true, false, "proceed"),
        ("If-Modified-Since: yesterday", "a", true, true, "proceed"),
        ("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT", "a", true, false, "412"),
        ("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT", "a", true, false, "proceed"),
    ])
    func conditions(field: String, tag: String, exists: Bool, isRead: Bool, expected: String) throws {
        let parts = field.split(separator: ":", maxSplits: 1)
        var headers = HTTPFields()
        headers[try #require(HTTPField.Name(String(parts[0])))] = String(parts[1].dropFirst())
        let target = ConditionalRequest.Target(
            tag: tag.isEmpty ? nil : EntityTag(tag), exists: exists, lastModified: exists ? 784_111_777 : nil)
        let outcome =
            switch try ConditionalRequest(headers).evaluate(for: target, isRead: isRead) {
            case .proceed: "proceed"
            case .notModified: "304"
            case .failed: "412"
            }
        #expect(outcome == expected)
    }

    @Test func ifHeader() throws {
        let header = try IfHeader(header: "(<urn:a> [\"t1\"]) (Not <urn:b> [W/\"t2\"])")
        #expect(header.lists.count == 2)
        #expect(header.tokens == ["urn:a", "urn:b"])
        #expect(header.holds { _, state in state == .token("urn:a") || state == .tag(EntityTag("t1")) })
        #expect(header.holds { _, state in state == .tag(EntityTag("t2", isWeak: true)) })
        #expect(!header.holds { _, state in state == .token("urn:b") })
        let tagged = try IfHeader(header: "<http://h/a> (<urn:a>) (<urn:b>) </c> ([\"x\"])")
        #expect(tagged.lists.map(\.resource) == ["http://h/a", "http://h/a", "/c"])
        for bad in ["", "()", "(<urn:a>", "</a>", "(urn:a)", "<a> <b> (<c>)", "(<urn:a>) </b> (<urn:c>)", "([\"x\")"] {
            #expect(throws: DAVError(.badRequest, ""), "\(bad)") { try IfHeader(header: bad) }
        }
    }

    @Test func dates() {
        #expect(HTTPDate.format(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.parse("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
        #expect(HTTPDate.formatISO8601(0) == "1970-01-01T00:00:00Z")
        #expect(HTTPDate.formatISO8601(-1) == "1969-12-31T23:59:59Z")
        #expect(HTTPDate.parseUTC("20060104T000000Z") == 1_136_332_800)
        for bad in ["20060104T000000", "20060230T000000Z", "2006010XT000000Z", "20061304T000000Z", ""] {
            #expect(HTTPDate.parseUTC(bad) == nil)
        }
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<1_000 {
            let seconds = Int64.random(in: -60_000_000_000...250_000_000_000, using: &generator)
            #expect(HTTPDate.parse(HTTPDate.format(seconds)) == seconds)
        }
    }
}

@Suite struct ResourcePathTests {
    @Test func spellingsOfOnePath() throws {
        let path = try ResourcePath(parsing: "/user/a%40b%20c/%C5%BE.ics?x#y")
        #expect(path.segments == ["user", "a@b c", "ž.ics"])
        #expect(!path.isCollection)
        #expect(path.encoded == "/user/a%40b%20c/%C5%BE.ics")
        #expect(try ResourcePath(parsing: "/user//a@b c/%c5%be.ics") == path)
        #expect(try ResourcePath(parsing: "https://example.org:8443/user/a@b c/ž.ics") == path)
        #expect(try ResourcePath(parsing: "/") == .root)
        #expect(try ResourcePath(parsing: "http://example.org") == .root)
    }

    @Test func relativeHrefs() throws {
        let base = try ResourcePath(parsing: "/user/calendar/")
        #expect(try ResourcePath(href: "x.ics", relativeTo: base).encoded == "/user/calendar/x.ics")
        #expect(try ResourcePath(href: "/other/x.ics", relativeTo: base).encoded == "/other/x.ics")
        #expect(try ResourcePath(href: "http://h/other/x.ics", relativeTo: base).encoded == "/other/x.ics")
    }

    @Test(arguments: [
        "/user/../etc/passwd", "/user/%2e%2e/x", "/user/.", "/a%2Fb", "/a%2fb", "/a%00b", "/a%0Ab", "/a%", "/a%4",
        "/a%zz",
        "/%ff", "/%C3", "relative", "", "*", "mailto:x", "/a\u{7F}",
    ])
    func hostilePathsAre400(path: String) {
        #expect(throws: DAVError(.badRequest, "")) { try ResourcePath(parsing: path) }
    }

    @Test func lengthsAreBounded() {
        let long = String(repeating: "a", count: 256)
        #expect(throws: DAVError(.forbidden, "")) { try ResourcePath(parsing: "/" + long) }
        #expect(throws: DAVError(.uriTooLong, "")) {
            try ResourcePath(parsing: String(repeating: "/abcdefg", count: 1_000))
        }
    }

    @Test func encodingRoundTrips() throws {
        var generator = SeededGenerator(seed: 3)
        let alphabet = Array("aZ09 -_.~@%&=+;:!*'()[]{}<>\"?#ěž😀,$|^`")
        for _ in 0..<500 {
            let name = String(
                (0..<Int.random(in: 1...20, using: &generator)).map { _ in
                    alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                })
            guard name != ".", name != ".." else { continue }
            let path = ResourcePath(segments: ["user", name], isCollection: true)
            #expect(try ResourcePath(parsing: path.encoded) == path)
        }
    }
}
