import HTTPTypes
import Testing
import WebDAV
import XMLStream

/// Parses what the body describes and gives the status and condition of the refusal.
private func refusal<T>(_ body: String, _ parse: ([UInt8]) throws -> T) -> DAVError? {
    #expect(throws: DAVError.self) { try parse(Array(body.utf8)) }
}

@Suite struct RequestBodyTests {
    @Test func propfindKinds() throws {
        #expect(try PropfindRequest(parsing: []).selection == .all(including: []))
        func selection(_ inside: String) throws -> PropertySelection {
            try PropfindRequest(parsing: Array("<propfind xmlns='DAV:'>\(inside)</propfind>".utf8)).selection
        }
        #expect(try selection("<propname/>") == .names)
        #expect(
            try selection("<allprop/><include><getctag xmlns='http://calendarserver.org/ns/'/></include>")
                == .all(including: [XMLElement(.getctag)]))
        #expect(try selection("<x xmlns='urn:x'/><prop><displayname/></prop>") == .listed([XMLElement(.displayname)]))
    }

    @Test(arguments: [
        "<propfind xmlns='DAV:'/>", "<propfind xmlns='DAV:'><prop/><allprop/></propfind>", "<propfind/>", "<a",
        "nothing",
        "<propfind xmlns='DAV:'><prop><a:b/></prop></propfind>",
    ])
    func badPropfindsAre400(body: String) {
        #expect(refusal(body, PropfindRequest.init)?.status == .badRequest)
    }

    @Test func aDoctypeIsRefusedWithItsCondition() {
        let bomb =
            "<!DOCTYPE l [<!ENTITY a 'a'><!ENTITY b '&a;&a;&a;'>]><propfind xmlns='DAV:'><prop>&b;</prop></propfind>"
        #expect(refusal(bomb, PropfindRequest.init) == DAVError(.forbidden, .noExternalEntities, ""))
    }

    @Test func depthIsBounded() {
        let deep = String(repeating: "<a>", count: 1_000)
        #expect(refusal(deep, { try RequestBody.parse($0) })?.status == .contentTooLarge)
    }

    @Test func proppatchKeepsOrderAndLanguage() throws {
        let updates = try ProppatchRequest(parsing: vector("proppatch.xml")).updates
        try #require(updates.count == 3)
        guard case .set(let authors) = updates[0], case .set(let name) = updates[2] else {
            Issue.record("not what was asked")
            return
        }
        #expect(authors.name == XMLName("http://ns.example.com/z/", "Authors"))
        #expect(authors.language == "cs")
        #expect(authors.elements.first?.text == "Jim")
        #expect(updates[1] == .remove(.displayname))
        #expect(name.text == "New")
        #expect(name.language == "en")
    }

    @Test func extendedMkcol() throws {
        let request = try MakeCollectionRequest(parsing: vector("mkcol-addressbook.xml"), root: .mkcol)
        #expect(request.resourceType == [.collection, .addressbook])
        #expect(request.properties.map(\.name) == [.displayname, .addressbookDescription])
        #expect(try MakeCollectionRequest(parsing: [], root: .mkcalendar).properties.isEmpty)
    }

    @Test func syncCollection() throws {
        let request = try SyncCollectionRequest(tree("sync-collection.xml"), depth: .zero)
        #expect(request.token == "data:,1b9f")
        #expect(request.limit == 100)
        #expect(!request.isInfinite)
        // Apple's older clients: no level, an empty token.
        let old = XMLElement(.syncCollection, [XMLElement(.syncToken), XMLElement(.prop, [XMLElement(.getetag)])])
        let read = try SyncCollectionRequest(old, depth: .one)
        #expect(read.token == nil)
        #expect(!read.isInfinite)
    }

    @Test func expandProperty() throws {
        let request = try ExpandPropertyRequest(tree("expand-property.xml"))
        #expect(request.properties.map(\.name) == [.currentUserPrincipal])
        #expect(request.properties.first?.children.first?.name == .calendarHomeSet)
        #expect(request.properties.first?.children.first?.children.first?.name == .displayname)
    }
}

@Suite struct FilterTests {
    @Test func calendarQuery() throws {
        let request = try CalendarQueryRequest(tree("calendar-query-partial.xml"))
        let event = try #require(request.filter.root.components.first)
        #expect(event.timeRange == RequestedTimeRange(start: 1_136_332_800, end: 1_136_419_200))
        #expect(event.properties.first?.name == "ATTENDEE")
        #expect(event.properties.first?.textMatch?.isNegated == true)
        #expect(event.properties.first?.parameters.first?.textMatch?.collation == .octet)
        #expect(event.components.first?.isNotDefined == true)
        guard case .listed(let elements) = request.selection else {
            Issue.record("no list of properties")
            return
        }
        let data = try CalendarDataSelection(try #require(elements.last))
        #expect(data.recurrence == .limit(RequestedTimeRange(start: 1_136_246_400, end: 1_136_419_200)))
        let calendar = try #require(data.component)
        #expect(calendar.properties?.map(\.name) == ["VERSION"])
        #expect(calendar.components?.map(\.name) == ["VEVENT", "VTIMEZONE"])
        #expect(calendar.components?.first?.properties?.last?.isNameOnly == true)
        #expect(calendar.components?.last?.properties == nil)
    }

    @Test(arguments: [
        "", "<comp-filter name='VEVENT'/>", "<comp-filter/>",
        "<comp-filter name='VCALENDAR'><time-range start='20060104T000000Z'/></comp-filter>",
        "<comp-filter name='VCALENDAR'><comp-filter name='VEVENT'><time-range/></comp-filter></comp-filter>",
        "<comp-filter name='VCALENDAR'><comp-filter name='VEVENT'><time-range start='20060104'/></comp-filter></comp-filter>",
        "<comp-filter name='VCALENDAR'><comp-filter name='VEVENT'><time-range start='20060105T000000Z' end='20060104T000000Z'/></comp-filter></comp-filter>",
        "<comp-filter name='VCALENDAR'><comp-filter name='VEVENT'><is-not-defined/><prop-filter name='A'/></comp-filter></comp-filter>",
        "<comp-filter name='VCALENDAR'><comp-filter name='VEVENT'><text-match>a</text-match></comp-filter></comp-filter>",
        "<comp-filter name='VCALENDAR'><comp-filter name='VEVENT'><prop-filter/></comp-filter></comp-filter>",
    ])
    func badCalendarFiltersNameTheCondition(filter: String) throws {
        let root = try XMLElement(
            parsing: Array(
                "<calendar-query xmlns='\(DAVNamespace.caldav)'><filter>\(filter)</filter></calendar-query>".utf8))
        #expect(throws: DAVError(.forbidden, .caldavValidFilter, "")) { try CalendarQueryRequest(root) }
    }

    @Test func unknownCollationsNameTheCondition() throws {
        let text = "<text-match collation='i;klingon'>x</text-match>"
        let root = try XMLElement(
            parsing: Array(
                "<calendar-query xmlns='\(DAVNamespace.caldav)'><filter><comp-filter name='VCALENDAR'><prop-filter name='X'>\(text)</prop-filter></comp-filter></filter></calendar-query>"
                    .utf8))
        #expect(throws: DAVError(.forbidden, .caldavSupportedCollation, "")) { try CalendarQueryRequest(root) }
    }

    @Test func addressbookQuery() throws {
        let request = try AddressbookQueryRequest(tree("addressbook-query-anyof.xml"))
        #expect(request.limit == 2)
        #expect(request.filter.test == .allOf)
        let email = try #require(request.filter.properties.first)
        #expect(email.name == "EMAIL")
        #expect(email.group == "ITEM1")
        #expect(email.textMatches.map(\.type) == [.endsWith, .startsWith])
        #expect(email.textMatches.map(\.collation) == [.unicodeCasemap, .octet])
        #expect(email.parameters.first?.isNotDefined == true)
        guard case .listed(let elements) = request.selection else { return }
        let data = try AddressDataSelection(try #require(elements.last))
        #expect(data.properties?.map(\.name) == ["FN", "PHOTO"])
        #expect(data.version == "4.0")
    }

    @Test func textMatches() {
        func match(_ text: String, _ value: String, _ collation: Collation, _ type: MatchType = .contains) -> Bool {
            TextMatch(text: text, collation: collation, type: type).matches(value)
        }
        #expect(match("MEET", "a meeting", .asciiCasemap))
        #expect(!match("MEET", "a meeting", .octet))
        #expect(!match("ŽLU", "žluťoučký", .asciiCasemap))
        #expect(match("ŽLU", "žluťoučký", .unicodeCasemap))
        #expect(match("strasse", "STRASSE", .unicodeCasemap, .equals))
        #expect(match("", "anything", .octet))
        #expect(match("ing", "meeting", .octet, .endsWith))
        #expect(!match("ing", "meetings", .octet, .endsWith))
        #expect(match("mee", "Meeting", .asciiCasemap, .startsWith))
        #expect(!match("longer than the value", "short", .octet))
        #expect(!TextMatch(text: "a", collation: .octet, isNegated: true).matches("abc"))
    }

    /// Texts are found where a plain search finds them, whatever repeats in them.
    @Test func searchesAgreeWithPlainOnes() {
        var state: UInt64 = 7
        func text(_ count: Int) -> String {
            String(
                (0..<count).map { _ in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return state >> 60 < 9 ? "a" : "b"
                })
        }
        for number in 0..<3_000 {
            let (value, part) = (text(number % 40), text(1 + number % 7))
            let match = TextMatch(text: part, collation: .octet)
            #expect(match.matches(value) == (value.firstRange(of: part) != nil), "\(part) in \(value)")
        }
        #expect(TextMatch(text: "", collation: .octet).matches(""))
    }

    @Test func filtersHaveASize() {
        let parts = String(repeating: "<C:prop-filter name='X'/>", count: 501)
        let filter =
            "<C:filter xmlns:C='urn:ietf:params:xml:ns:caldav'><C:comp-filter name='VCALENDAR'>\(parts)</C:comp-filter></C:filter>"
        #expect(throws: DAVError(.forbidden, .caldavSupportedFilter, "")) {
            try CalendarFilter(RequestBody.parse(Array(filter.utf8)))
        }
    }

    @Test func timesBeginWithTheYearOne() {
        func range(_ start: String) throws -> CalendarFilter {
            let filter =
                "<C:filter xmlns:C='urn:ietf:params:xml:ns:caldav'><C:comp-filter name='VCALENDAR'><C:comp-filter name='VEVENT'>"
                + "<C:time-range start='\(start)'/></C:comp-filter></C:comp-filter></C:filter>"
            return try CalendarFilter(RequestBody.parse(Array(filter.utf8)))
        }
        #expect(throws: DAVError(.forbidden, .minDateTime, "")) { try range("00001231T235959Z") }
        #expect(throws: Never.self) { try range("00010101T000000Z") }
        #expect(throws: Never.self) { try range("99991231T235959Z") }
    }
}
