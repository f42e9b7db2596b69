import DAVClient
import Testing

@Suite struct DAVURLTests {
    @Test(arguments: [
        ("https://Cal.Example.org", "https://cal.example.org/"),
        ("HTTP://localhost:8080/a/b?c=d#e", "http://localhost:8080/a/b?c=d"),
        ("https://[::1]:8443/x", "https://[::1]:8443/x"),
        ("https://h:443/x", "https://h/x"),
        ("https://h/user%40example.org/a b/é", "https://h/user%40example.org/a%20b/%C3%A9"),
    ])
    func reads(text: String, expected: String) throws {
        #expect(try #require(DAVURL(text)).description == expected)
    }

    @Test(arguments: [
        "", "cal.example.org", "ftp://h/", "https://", "https:///path", "https://anna:pw@h/", "https://h:0/",
        "https://h:99999/",
        "https://h:x/", "https://a b/", "https://h\\evil/", "https://[::1/",
    ])
    func refuses(text: String) {
        #expect(DAVURL(text) == nil)
    }

    @Test(arguments: [
        ("/c/a%40b.ics", "https://h/c/a%40b.ics"),
        ("/c/a@b.ics", "https://h/c/a@b.ics"),
        ("/c/%2Fx%2fy", "https://h/c/%2Fx%2fy"),
        ("x.ics", "https://h/dav/home/x.ics"),
        ("./x.ics", "https://h/dav/home/x.ics"),
        ("../other/", "https://h/dav/other/"),
        ("../../../../x", "https://h/x"),
        ("//other/x", "https://other/x"),
        ("http://h:81/y", "http://h:81/y"),
        ("/c/with space", "https://h/c/with%20space"),
        ("/c/a:b", "https://h/c/a:b"),
        ("?q", "https://h/dav/home/?q"),
        ("", "https://h/dav/home/"),
    ])
    func point14_hrefsAreResolvedAndNeverEncodedAgain(reference: String, expected: String) throws {
        let base = try #require(DAVURL("https://h/dav/home/"))
        #expect(base.resolving(reference)?.description == expected)
    }

    @Test(arguments: ["mailto:anna@example.org", "javascript:alert(1)", "https://user:pw@h/", "urn:uuid:1"])
    func otherSchemesAreNoAddresses(reference: String) throws {
        #expect(try #require(DAVURL("https://h/")).resolving(reference) == nil)
    }

    @Test func spellingsOfOneResourceCompareEqual() throws {
        let base = try #require(DAVURL("https://h/"))
        func key(_ path: String) throws -> [UInt8] { try #require(base.resolving(path)).comparisonKey }
        #expect(try key("/a/b%40c/") == key("/a/b@c"))
        #expect(try key("/a/%c3%a9") == key("/a/%C3%A9"))
        #expect(try key("/a/b%2Fc") != key("/a/b/c"))
    }

    @Test func linesCannotBeBrokenIntoRequests() throws {
        let url = try #require(DAVURL("https://h/")).resolving("/a\r\nHost: evil\u{0}")
        #expect(url?.target == "/aHost:%20evil%00")
    }
}
