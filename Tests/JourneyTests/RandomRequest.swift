import SeededNumbers

/// A request put together by chance: methods, paths, fields and bodies that real requests have, some of them broken.
struct RandomRequest {
    let bytes: [UInt8]
    let isHead: Bool

    var text: String { String(decoding: bytes.prefix(600), as: UTF8.self) }

    private static let methods = [
        "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PROPFIND", "PROPFIND", "PROPPATCH", "REPORT", "REPORT", "REPORT",
        "MKCOL", "MKCALENDAR", "COPY", "MOVE", "LOCK", "UNLOCK", "POST", "ACL", "PATCH", "TRACE", "SEARCH",
    ]

    private static func paths(_ play: String) -> [String] {
        [
            play, play + "0.ics", play + "1.ics", play + "new.ics", play + "a%20b.ics", play + "inner/", "/",
            "/user/", "/user/calendars/", "/user/inbox/", "/user/contacts/addressbook/",
            "/user/contacts/addressbook/x.vcf", play + "../kept/0.ics", play + "%2e%2e/kept/", play + "%00",
            play + "%c3%28.ics", play + String(repeating: "y", count: 260), play + "x/y/z.ics", "/.well-known/caldav",
            "/user/calendars/other/", "/nobody/", play + ".xandikos", play + ".git/HEAD", play + "?export",
            play + "//0.ics",
        ]
    }

    private static func fields(_ play: String) -> [(String, [String])] {
        [
            ("Depth", ["0", "1", "infinity", "2", "-1", "", "0, 1", "Infinity"]),
            ("Destination", [play + "9.ics", "/user/calendars/other/", "http://elsewhere/x", "nonsense", "/../x", ""]),
            ("Overwrite", ["T", "F", "x"]),
            (
                "If",
                ["(<urn:uuid:1>)", "(Not <DAV:no-lock>)", "</x> ([\"a\"])", "(((", "()", "<>", "(Not (Not [W/\"x\"]))"]
            ),
            ("If-Match", ["*", "\"x\"", "W/\"x\"", "\"", ", ,", "x"]),
            ("If-None-Match", ["*", "\"x\"", "\"a\", \"b\"", "\""]),
            ("If-Modified-Since", ["Sun, 06 Nov 1994 08:49:37 GMT", "yesterday", "Sun, 99 Nov 9999 99:99:99 GMT"]),
            ("If-Schedule-Tag-Match", ["\"x\"", "*", "\"x\", \"y\""]),
            (
                "Content-Type",
                ["text/calendar", "application/xml", "text/vcard; version=4.0", "nonsense/", "application/json"]
            ),
            ("Prefer", ["return=minimal", "return=representation", "depth-noroot", "\"", ";;;"]),
            ("Accept", ["text/vcard;version=4.0", "application/vcard+json", "text/html", "*/*;q=0", ";;"]),
            ("Lock-Token", ["<urn:uuid:1>", "<>", "x"]),
            ("Timeout", ["Second-1", "Infinite", "Second-99999999999999999999", "x"]),
            ("Range", ["bytes=0-1", "bytes=-0", "x"]),
            ("CalDAV-Timezones", ["F", "T", "x"]),
            ("Content-Encoding", ["gzip", "identity"]),
            ("Authorization", ["Basic eDp5", "Basic ====", "Bearer x", "Basic"]),
            ("X-Odd", ["\u{E4}\u{F6}", String(repeating: "z", count: 5_000)]),
        ]
    }

    private static let names =
        "xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\" xmlns:R=\"urn:ietf:params:xml:ns:carddav\" "
        + "xmlns:S=\"http://calendarserver.org/ns/\""
    private static let range = "<C:time-range start=\"20260101T000000Z\" end=\"20260201T000000Z\"/>"

    private static let bodies = [
        "",
        "<propfind \(names)><allprop/></propfind>", "<propfind \(names)><propname/></propfind>",
        "<propfind \(names)><prop><getetag/><S:getctag/><acl/><C:calendar-data/><sync-token/><x xmlns=\"\"/></prop></propfind>",
        "<propertyupdate \(names)><set><prop><displayname>n</displayname><x xmlns=\"urn:x\" y=\"1\"><z/>t</x></prop></set>"
            + "<remove><prop><C:calendar-description/></prop></remove></propertyupdate>",
        "<C:calendar-query \(names)><prop><getetag/><C:calendar-data><C:expand start=\"20260101T000000Z\" "
            + "end=\"20260110T000000Z\"/></C:calendar-data></prop><C:filter><C:comp-filter name=\"VCALENDAR\">"
            + "<C:comp-filter name=\"VEVENT\">\(range)<C:prop-filter name=\"UID\"><C:text-match "
            + "collation=\"i;unicode-casemap\" negate-condition=\"yes\">q</C:text-match></C:prop-filter></C:comp-filter>"
            + "</C:comp-filter></C:filter></C:calendar-query>",
        "<C:calendar-multiget \(names)><prop><getetag/><C:calendar-data><C:comp name=\"VCALENDAR\"><C:prop name=\"VERSION\"/>"
            + "</C:comp></C:calendar-data></prop><href>/user/calendars/play/0.ics</href><href>../x</href><href/></C:calendar-multiget>",
        "<C:free-busy-query \(names)>\(range)</C:free-busy-query>",
        "<R:addressbook-query \(names)><prop><R:address-data version=\"4.0\"/></prop><R:filter test=\"allof\">"
            + "<R:prop-filter name=\"item1.EMAIL\"><R:text-match match-type=\"ends-with\">g</R:text-match></R:prop-filter>"
            + "</R:filter><R:limit><R:nresults>1</R:nresults></R:limit></R:addressbook-query>",
        "<sync-collection \(names)><sync-token/><sync-level>infinite</sync-level><limit><nresults>1</nresults></limit>"
            + "<prop><getetag/></prop></sync-collection>",
        "<sync-collection \(names)><sync-token>data:,0;x=1</sync-token><sync-level>1</sync-level><prop/></sync-collection>",
        "<expand-property \(names)><property name=\"owner\"><property name=\"principal-URL\"/></property></expand-property>",
        "<principal-property-search \(names)><property-search><prop><displayname/></prop><match>u</match></property-search>"
            + "<prop><displayname/></prop></principal-property-search>",
        "<principal-match \(names)><principal-property><owner/></principal-property><prop><getetag/></prop></principal-match>",
        "<acl-principal-prop-set \(names)><prop><displayname/></prop></acl-principal-prop-set>",
        "<mkcol \(names)><set><prop><resourcetype><collection/><C:calendar/></resourcetype></prop></set></mkcol>",
        "<C:mkcalendar \(names)><set><prop><C:supported-calendar-component-set><C:comp name=\"VTODO\"/>"
            + "</C:supported-calendar-component-set></prop></set></C:mkcalendar>",
        "<lockinfo \(names)><lockscope><shared/></lockscope><locktype><write/></locktype><owner>o</owner></lockinfo>",
        "<acl \(names)><ace><principal><href>/user/</href></principal><grant><privilege><read/></privilege></grant></ace></acl>",
        "<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:r\r\nDTSTAMP:20260101T000000Z\r\n"
            + "DTSTART;TZID=Europe/Prague:20260101T090000\r\nRRULE:FREQ=MONTHLY;BYDAY=-1FR;BYSETPOS=1\r\nEXDATE:20260201T090000Z\r\n"
            + "BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nACTION:AUDIO\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c\r\nFN:A\r\nN:A;;;;\r\nitem1.EMAIL;TYPE=home:a@example.org\r\nEND:VCARD\r\n",
    ]

    init(_ generator: inout SeededGenerator, play: String) {
        func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }
        func one<T>(_ choices: [T]) -> T? { choices.randomElement(using: &generator) }
        let method = one(Self.methods) ?? "GET"
        let path = one(Self.paths(play)) ?? "/"
        var body = Array((one(Self.bodies) ?? "").utf8)
        for _ in 0..<(chance(50) ? Int.random(in: 1...4, using: &generator) : 0) where !body.isEmpty {
            Self.disturb(&body, &generator)
        }
        var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        for (name, values) in Self.fields(play) where chance(12) {
            head += "\(name): \(one(values) ?? "")\r\n"
        }
        if chance(10) {
            head += "Transfer-Encoding: chunked\r\n\r\n"
            let size = String(body.count, radix: 16)
            bytes =
                Array(head.utf8) + (body.isEmpty ? [] : Array("\(size)\r\n".utf8) + body + [13, 10])
                + Array("0\r\n\r\n".utf8)
        } else {
            bytes = Array("\(head)Content-Length: \(body.count)\r\n\r\n".utf8) + body
        }
        isHead = method == "HEAD"
    }

    /// One thing is changed, cut, doubled or put in.
    private static func disturb(_ body: inout [UInt8], _ generator: inout SeededGenerator) {
        guard let index = body.indices.randomElement(using: &generator) else { return }
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: body[index] = UInt8.random(in: 0...255, using: &generator)
        case 1: body.remove(at: index)
        case 2: body.removeSubrange(index...)
        case 3: body.insert(contentsOf: body[index...].prefix(40), at: index)
        case 4:
            let odd = ["<![CDATA[", "&#0;", "&lt;", "]]>", "<!-- x", "<?x?>", "\u{FEFF}", "xmlns:a=\"\"", "-", "0"]
            body.insert(contentsOf: (odd.randomElement(using: &generator) ?? "").utf8, at: index)
        default:
            let end = min(body.count, index + Int.random(in: 1...30, using: &generator))
            body.replaceSubrange(index..<end, with: body[index..<end].reversed())
        }
    }
}
