import Foundation
import HTTPTypes
import PeerPrograms
import Testing
import WebDAV
import XMLStream

/// What further clients send: Apple's Reminders and Contacts, KDE, Outlook CalDav Synchronizer, Tasks.org and jtx Board.
@Suite struct ClientNeedsTests {
    private func start(_ userAgent: String) async throws -> (Transcript, TemporaryFolder) {
        let folder = try TemporaryFolder()
        let server = try #require(try await PeerServer.start(.fasti, in: folder.path))
        return (Transcript(server: server, userAgent: userAgent), folder)
    }

    private func put(_ client: Transcript, _ path: String, _ body: String, _ type: String) async throws -> String {
        let answer = try await client.send("PUT", path, ["Content-Type": type, "If-None-Match": "*"], body)
        #expect(answer.status == 201, "\(answer.text)")
        return try #require(answer.header("ETag"))
    }

    private static func todo(_ uid: String, _ lines: String...) -> String {
        (["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VTODO", "UID:\(uid)", "DTSTAMP:20260101T000000Z"] + lines
            + ["END:VTODO", "END:VCALENDAR", ""]).joined(separator: "\r\n")
    }

    /// A list of reminders is a calendar of tasks only; the home tells of it, and of changes in it.
    @Test func appleReminders() async throws {
        let (client, folder) = try await start("iOS/18.2 (22C152) remindd/1.0")
        let home = "/user/calendars/"
        let listing =
            "<A:calendar-color/><A:calendar-order/><CS:getctag/><D:sync-token/><D:resourcetype/>"
            + "<C:supported-calendar-component-set/><D:current-user-privilege-set/><CS:push-transports/><CS:pushkey/>"
            + "<C:default-alarm-vevent-date/><C:default-alarm-vevent-datetime/><D:quota-available-bytes/>"
        let before = try await client.propfind(home, depth: "1", listing)
        let token = try #require(before[home]?.property(.syncToken)?.text)
        let list = home + "5E1B2C3D-0000-4000-8000-000000000002/"
        let made = try await client.send(
            "MKCALENDAR", list, [:],
            "<C:mkcalendar \(Transcript.names)><D:set><D:prop><C:supported-calendar-component-set><C:comp name=\"VTODO\"/>"
                + "</C:supported-calendar-component-set><D:displayname>Shopping</D:displayname></D:prop></D:set></C:mkcalendar>"
        )
        #expect(made.status == 201)
        let sync = { (token: String) in
            try await client.multistatus(
                "REPORT", home, ["Depth": "0"],
                "<D:sync-collection \(Transcript.names)><D:sync-token>\(token)</D:sync-token><D:sync-level>1</D:sync-level>"
                    + "<D:prop>\(listing)</D:prop></D:sync-collection>")
        }
        let told = try await sync(token)
        #expect(told.responses.compactMap(\.hrefs.first) == [list])
        let components = told[list]?.property(.supportedCalendarComponentSet)?.all(.comp).compactMap {
            $0.attribute("name")
        }
        #expect(components == ["VTODO"])
        let milk = Self.todo("milk", "SUMMARY:Milk", "DUE;VALUE=DATE:20260102", "X-APPLE-SORT-ORDER:1")
        let tag = try await put(client, list + "milk.ics", milk, "text/calendar")
        let event = try await client.send("PUT", list + "e.ics", [:], Transcript.event("e", "No"))
        #expect(event.status == 403 && event.text.contains("supported-calendar-component"))
        let later = try await sync(try #require(told.syncToken))
        #expect(later[list]?.property(.getctag)?.text != told[list]?.property(.getctag)?.text)
        let done = Self.todo(
            "milk", "SUMMARY:Milk", "STATUS:COMPLETED", "COMPLETED:20260102T080000Z", "PERCENT-COMPLETE:100")
        #expect(try await client.send("PUT", list + "milk.ics", ["If-Match": tag], done).status == 204)
        #expect(try await client.send("DELETE", list).status == 204)
        let gone = try await sync(try #require(later.syncToken))
        #expect(gone[list]?.status?.code == 404)
        await client.server.stop()
        _ = folder
    }

    @Test func appleContacts() async throws {
        let (client, folder) = try await start("macOS/15.2 (24C101) AddressBookCore/2696")
        let account = try await client.propfind(
            "/user/", depth: "0",
            "<CR:addressbook-home-set/><CR:directory-gateway/><D:displayname/><CS:email-address-set/><D:principal-URL/>"
        )
        let home = try #require(account["/user/"]?.href(.addressbookHomeSet))
        let listed = try await client.propfind(
            home, depth: "1",
            "<D:add-member/><D:bulk-requests/><D:current-user-privilege-set/><D:displayname/><CR:max-image-size/>"
                + "<CR:max-resource-size/><CS:me-card/><D:owner/><CS:push-transports/><D:quota-used-bytes/>"
                + "<D:resourcetype/><D:supported-report-set/><D:sync-token/><CS:getctag/>")
        let books = listed.responses.filter { $0.has(.addressbook) }
        #expect(books.count == 1, "Contacts knows one address book")
        let book = try #require(books.first?.hrefs.first)
        #expect((books.first?.property(.maxImageSize)?.text).flatMap(Int.init) ?? 0 > 1_000_000)
        // Folds, groups and properties of Apple's own come back as they went.
        let me = [
            "BEGIN:VCARD", "VERSION:3.0", "PRODID:-//Apple Inc.//macOS 15.2//EN", "N:Lovelace;Ada;;;",
            "FN:Ada Lovelace",
            "item1.EMAIL;type=INTERNET;type=pref:ada@example.org", "item1.X-ABLabel:_$!<Home>!$_",
            "X-ABUID:1\\:ABPerson", "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQ", " AAAQABAAD/2wBDAAUD", "UID:me",
            "REV:2026-01-01T00:00:00Z", "END:VCARD", "",
        ].joined(separator: "\r\n")
        _ = try await put(client, book + "me.vcf", me, "text/vcard; charset=utf-8")
        let group = [
            "BEGIN:VCARD", "VERSION:3.0", "N:Friends", "FN:Friends", "X-ADDRESSBOOKSERVER-KIND:group",
            "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:me", "UID:group", "END:VCARD", "",
        ].joined(separator: "\r\n")
        _ = try await put(client, book + "group.vcf", group, "text/vcard; charset=utf-8")
        let patched = try await client.multistatus(
            "PROPPATCH", home, [:],
            "<D:propertyupdate \(Transcript.names)><D:set><D:prop><CS:me-card><D:href>\(book)me.vcf</D:href></CS:me-card>"
                + "</D:prop></D:set></D:propertyupdate>")
        #expect(patched[home]?.propstats.first?.status.code == 200)
        #expect(try await client.propfind(home, depth: "0", "<CS:me-card/>")[home]?.href(.meCard) == book + "me.vcf")
        let fetched = try await client.multistatus(
            "REPORT", book, ["Depth": "0"],
            "<CR:addressbook-multiget \(Transcript.names)><D:prop><D:getetag/><CR:address-data/></D:prop>"
                + "<D:href>\(book)me.vcf</D:href><D:href>\(book)group.vcf</D:href></CR:addressbook-multiget>")
        #expect(fetched[book + "me.vcf"]?.property(.addressData)?.text == me)
        #expect(fetched[book + "group.vcf"]?.property(.addressData)?.text == group)
        await client.server.stop()
        _ = folder
    }

    /// KDE asks for tags and queries each kind of component by itself.
    @Test func kde() async throws {
        let (client, folder) = try await start("Mozilla/5.0 (X11; Linux x86_64) KDE DAV groupware client")
        let found = try await client.propfind("/user/", depth: "0", "<C:calendar-home-set/><CR:addressbook-home-set/>")
        let home = try #require(found["/user/"]?.href(.calendarHomeSet))
        let listed = try await client.propfind(
            home, depth: "1",
            "<D:displayname/><D:resourcetype/><A:calendar-color/><C:supported-calendar-component-set/><CS:getctag/>"
                + "<D:current-user-privilege-set/>")
        let calendar = try #require(listed.responses.first { $0.has(.calendar) })
        #expect(calendar.property(.currentUserPrivilegeSet)?.grants(.write) == true)
        let path = try #require(calendar.hrefs.first)
        let ctag = calendar.property(.getctag)?.text
        _ = try await put(client, path + "a.ics", Transcript.event("a", "One"), "text/calendar")
        _ = try await put(client, path + "t.ics", Self.todo("t", "SUMMARY:Two"), "text/calendar")
        for (component, name) in [("VEVENT", "a.ics"), ("VTODO", "t.ics"), ("VJOURNAL", nil)] as [(String, String?)] {
            let query = try await client.multistatus(
                "REPORT", path, ["Depth": "1"],
                "<C:calendar-query \(Transcript.names)><D:prop><D:getetag/><D:resourcetype/></D:prop><C:filter>"
                    + "<C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"\(component)\"/></C:comp-filter></C:filter>"
                    + "</C:calendar-query>")
            #expect(query.responses.compactMap(\.hrefs.first) == (name.map { [path + $0] } ?? []))
        }
        let later = try await client.propfind(path, depth: "0", "<CS:getctag/>")[path]?.property(.getctag)?.text
        #expect(later != ctag)
        let colour = try await client.multistatus(
            "PROPPATCH", path, [:],
            "<D:propertyupdate \(Transcript.names)><D:set><D:prop><A:calendar-color>#FF0000</A:calendar-color></D:prop></D:set>"
                + "</D:propertyupdate>")
        #expect(colour[path]?.propstats.first?.status.code == 200)
        await client.server.stop()
        _ = folder
    }

    /// Outlook's synchroniser is given the address of one calendar, and a span of time.
    @Test func outlookCalDavSynchronizer() async throws {
        let (client, folder) = try await start("CalDavSynchronizer/4.5")
        let path = "/user/calendars/calendar/"
        let options = try await client.send("OPTIONS", path)
        #expect(options.header("DAV")?.contains("calendar-access") == true)
        #expect(options.header("Allow")?.contains("REPORT") == true)
        let rights = try await client.propfind(
            path, depth: "0",
            "<D:resourcetype/><D:supported-report-set/><D:current-user-privilege-set/><CS:getctag/><A:calendar-color/>"
                + "<C:supported-calendar-component-set/>")
        #expect(rights[path]?.has(.calendar) == true)
        // Zones as Outlook names them.
        let zoned = [
            "BEGIN:VCALENDAR", "PRODID:-//ddaysoftware.com//NONSGML DDay.iCal 1.0//EN", "VERSION:2.0",
            "BEGIN:VTIMEZONE",
            "TZID:W. Europe Standard Time", "BEGIN:STANDARD", "DTSTART:16011028T030000",
            "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "TZNAME:W. Europe Standard Time", "TZOFFSETFROM:+0200",
            "TZOFFSETTO:+0100", "END:STANDARD", "BEGIN:DAYLIGHT", "DTSTART:16010325T020000",
            "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "TZNAME:W. Europe Daylight Time", "TZOFFSETFROM:+0100",
            "TZOFFSETTO:+0200", "END:DAYLIGHT", "END:VTIMEZONE", "BEGIN:VEVENT", "UID:040000008200E00074C5B7101A82E008",
            "DTSTAMP:20260101T000000Z", "DTSTART;TZID=W. Europe Standard Time:20260714T090000",
            "DTEND;TZID=W. Europe Standard Time:20260714T100000", "SUMMARY:Meeting", "X-MICROSOFT-CDO-BUSYSTATUS:OOF",
            "CLASS:PUBLIC", "END:VEVENT", "END:VCALENDAR", "",
        ].joined(separator: "\r\n")
        let tag = try await put(client, path + "o.ics", zoned, "text/calendar")
        func query(_ start: String, _ end: String) async throws -> [String] {
            let answer = try await client.multistatus(
                "REPORT", path, ["Depth": "1"],
                "<C:calendar-query \(Transcript.names)><D:prop><D:getetag/></D:prop><C:filter><C:comp-filter "
                    + "name=\"VCALENDAR\"><C:comp-filter name=\"VEVENT\"><C:time-range start=\"\(start)\" end=\"\(end)\"/>"
                    + "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>")
            return answer.responses.compactMap(\.hrefs.first)
        }
        #expect(try await query("20260714T073000Z", "20260714T074500Z") == [path + "o.ics"], "nine o'clock in summer")
        #expect(try await query("20260714T083000Z", "20260714T084500Z").isEmpty)
        #expect(try await client.send("GET", path + "o.ics").text == zoned)
        let stale = try await client.send("PUT", path + "o.ics", ["If-Match": "\"old\""], zoned)
        #expect(stale.status == 412)
        #expect(try await client.send("DELETE", path + "o.ics", ["If-Match": tag]).status == 204)
        await client.server.stop()
        _ = folder
    }

    /// Tasks and journals with relations, as Tasks.org and jtx Board write them over DAVx5.
    @Test func tasksAndJournals() async throws {
        let (client, folder) = try await start("DAVx5/4.4.5-ose (2024/12/01; dav4jvm; okhttp/4.12.0) Android/14")
        let path = "/user/calendars/calendar/"
        let parent = Self.todo("parent", "SUMMARY:Move", "PRIORITY:1", "CATEGORIES:house,2026")
        let child = Self.todo(
            "child", "SUMMARY:Boxes", "RELATED-TO;RELTYPE=PARENT:parent", "X-APPLE-SORT-ORDER:3",
            "DUE;TZID=Europe/Prague:20260105T180000",
            "X-OC-HIDESUBTASKS:1")
        let journal = Self.todo("note", "SUMMARY:Note", "DESCRIPTION:a\\nb").replacing("VTODO", with: "VJOURNAL")
        for (name, body) in [("parent", parent), ("child", child), ("note", journal)] {
            _ = try await put(client, path + name + ".ics", body, "text/calendar; charset=utf-8")
        }
        let fetched = try await client.multistatus(
            "REPORT", path, [:],
            "<C:calendar-multiget \(Transcript.names)><D:prop><D:getcontenttype/><D:getetag/><C:schedule-tag/><C:calendar-data/>"
                + "</D:prop><D:href>\(path)parent.ics</D:href><D:href>\(path)child.ics</D:href><D:href>\(path)note.ics</D:href>"
                + "</C:calendar-multiget>")
        for (name, body) in [("parent", parent), ("child", child), ("note", journal)] {
            #expect(fetched[path + name + ".ics"]?.property(.calendarData)?.text == body)
        }
        let open = try await client.multistatus(
            "REPORT", path, ["Depth": "1"],
            "<C:calendar-query \(Transcript.names)><D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\">"
                + "<C:comp-filter name=\"VTODO\"><C:prop-filter name=\"COMPLETED\"><C:is-not-defined/></C:prop-filter>"
                + "<C:time-range start=\"20260105T160000Z\" end=\"20260105T180000Z\"/></C:comp-filter></C:comp-filter></C:filter>"
                + "</C:calendar-query>")
        #expect(open.responses.compactMap(\.hrefs.first).sorted() == [path + "child.ics", path + "parent.ics"])
        await client.server.stop()
        _ = folder
    }
}

extension XMLElement {
    /// Whether a privilege is among these.
    fileprivate func grants(_ privilege: XMLName) -> Bool {
        all(.privilege).contains { $0.first(privilege) != nil }
    }
}
