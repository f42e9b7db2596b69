import Foundation
import HTTPTypes
import PeerPrograms
import Testing
import WebDAV
import XMLStream

/// What clients send, from finding the server to seeing a change, as their request sequences are documented.
@Suite struct TranscriptTests {
    private func start(_ userAgent: String) async throws -> (Transcript, TemporaryFolder) {
        let folder = try TemporaryFolder()
        let server = try #require(try await PeerServer.start(.fasti, in: folder.path))
        return (Transcript(server: server, userAgent: userAgent), folder)
    }

    @Test func appleCalendar() async throws {
        let (client, folder) = try await start("macOS/14.5 (23F79) CalendarAgent/1026")
        // The account is set up: well-known, then who am I, asked of whatever it leads to.
        let found = try await client.send("PROPFIND", "/.well-known/caldav", ["Depth": "0"])
        #expect([301, 302, 307, 308].contains(found.status))
        let root = try #require(found.header("Location"))
        let who = try await client.propfind(
            root, depth: "0", "<D:current-user-principal/><D:principal-URL/><D:resourcetype/>")
        let principal = try #require(who[root]?.href(.currentUserPrincipal))
        let options = try await client.send("OPTIONS", principal)
        let classes = options.header("DAV") ?? ""
        for word in ["1", "access-control", "calendar-access", "extended-mkcol"] { #expect(classes.contains(word)) }
        let account = try await client.propfind(
            principal, depth: "0",
            "<C:calendar-home-set/><C:calendar-user-address-set/><D:current-user-principal/><D:displayname/>"
                + "<CS:dropbox-home-URL/><CS:email-address-set/><CS:notification-URL/><D:principal-collection-set/>"
                + "<D:principal-URL/><D:resource-id/><C:schedule-inbox-URL/><C:schedule-outbox-URL/>"
                + "<D:supported-report-set/>")
        let home = try #require(account[principal]?.href(.calendarHomeSet))
        #expect(account[principal]?.property(.calendarUserAddressSet)?.all(.href).isEmpty == false)
        let searchable = try await client.send(
            "REPORT", "/", ["Depth": "0"], "<D:principal-search-property-set xmlns:D=\"DAV:\"/>")
        #expect(searchable.status == 200 && searchable.text.contains("displayname"))
        let delegates = try await client.multistatus(
            "REPORT", principal, ["Depth": "0"],
            "<D:expand-property \(Transcript.names)><D:property name=\"calendar-proxy-read-for\" "
                + "namespace=\"\(DAVNamespace.calendarServer)\"><D:property name=\"displayname\"/></D:property>"
                + "</D:expand-property>")
        #expect(delegates.responses.count == 1)

        // A new calendar, with all that Calendar sets at once.
        let zone =
            "BEGIN:VCALENDAR&#13;\nVERSION:2.0&#13;\nBEGIN:VTIMEZONE&#13;\nTZID:Europe/Prague&#13;\nBEGIN:STANDARD&#13;\n"
            + "DTSTART:19701025T030000&#13;\nTZOFFSETFROM:+0200&#13;\nTZOFFSETTO:+0100&#13;\nEND:STANDARD&#13;\n"
            + "END:VTIMEZONE&#13;\nEND:VCALENDAR&#13;\n"
        let calendar = home + "8F1B2C3D-0000-4000-8000-000000000001/"
        let made = try await client.send(
            "MKCALENDAR", calendar, [:],
            "<C:mkcalendar \(Transcript.names)><D:set><D:prop><C:supported-calendar-component-set><C:comp name=\"VEVENT\"/>"
                + "</C:supported-calendar-component-set><D:displayname>Home</D:displayname>"
                + "<A:calendar-color symbolic-color=\"red\">#FF2968FF</A:calendar-color>"
                + "<A:calendar-order>3</A:calendar-order><C:calendar-timezone>\(zone)</C:calendar-timezone>"
                + "<C:calendar-free-busy-set><NO/></C:calendar-free-busy-set></D:prop></D:set></C:mkcalendar>")
        #expect(made.status == 201, "\(made.text)")
        let listing =
            "<CS:getctag/><D:sync-token/><D:current-user-privilege-set/><D:displayname/><A:calendar-color/>"
            + "<A:calendar-order/><C:supported-calendar-component-set/><D:resourcetype/><D:owner/><D:supported-report-set/>"
            + "<C:calendar-timezone/><D:quota-available-bytes/><D:quota-used-bytes/><C:schedule-calendar-transp/>"
            + "<C:default-alarm-vevent-datetime/><CS:pre-publish-url/><CS:allowed-sharing-modes/><D:add-member/>"
        let listed = try await client.propfind(home, depth: "1", listing)
        let own = try #require(listed[calendar])
        #expect(own.has(.calendar) && own.property(.calendarColor)?.text == "#FF2968FF")
        #expect(own.property(.calendarOrder)?.text == "3")
        #expect(own.property(.calendarTimezone)?.text.contains("Europe/Prague") == true)
        #expect(own.property(.scheduleCalendarTransp)?.first(.opaque) != nil)
        #expect(own.property(.quotaUsedBytes)?.text == "0")

        // An event is made, found by the next synchronisation, changed on condition, and goes.
        var token = try #require(own.property(.syncToken)?.text)
        let event = calendar + "1.ics"
        let put = try await client.send(
            "PUT", event, ["If-None-Match": "*", "Content-Type": "text/calendar"], Transcript.event("1", "Dentist"))
        #expect(put.status == 201)
        let tag = try #require(put.header("ETag"))
        let scheduleTag = try #require(put.header("Schedule-Tag"))
        func sync() async throws -> Multistatus {
            let changes = try await client.multistatus(
                "REPORT", calendar, ["Depth": "1"],
                "<D:sync-collection \(Transcript.names)><D:sync-token>\(token)</D:sync-token><D:sync-level>1</D:sync-level>"
                    + "<D:prop><D:getetag/><D:getcontenttype/></D:prop></D:sync-collection>")
            token = try #require(changes.syncToken)
            return changes
        }
        #expect(try await sync()[event]?.property(.getetag)?.text == tag)
        let data = try await client.multistatus(
            "REPORT", calendar, [:],
            "<C:calendar-multiget \(Transcript.names)><D:prop><D:getetag/><C:calendar-data/><C:schedule-tag/></D:prop>"
                + "<D:href>\(event)</D:href></C:calendar-multiget>")
        #expect(data[event]?.property(.calendarData)?.text == Transcript.event("1", "Dentist"))
        #expect(data[event]?.property(.scheduleTag)?.text == scheduleTag)
        let changed = try await client.send(
            "PUT", event, ["If-Schedule-Tag-Match": scheduleTag], Transcript.event("1", "Dentist, later"))
        #expect(changed.status == 204)
        let stale = try await client.send(
            "PUT", event, ["If-Schedule-Tag-Match": scheduleTag], Transcript.event("1", "x"))
        #expect(stale.status == 412)
        // Properties of Apple's own are kept, and one that is the server's does not spoil the answer.
        let patch = try await client.multistatus(
            "PROPPATCH", calendar, [:],
            "<D:propertyupdate \(Transcript.names)><D:set><D:prop><A:calendar-color>#0000FFFF</A:calendar-color>"
                + "<C:default-alarm-vevent-date>BEGIN:VALARM&#13;\nEND:VALARM&#13;\n</C:default-alarm-vevent-date>"
                + "</D:prop></D:set></D:propertyupdate>")
        #expect(patch[calendar]?.property(.calendarColor) != nil)
        _ = try await sync()
        #expect(
            try await client.send("DELETE", event, ["If-Match": try #require(changed.header("ETag"))]).status == 204)
        #expect(try await sync()[event]?.status?.code == 404)
        let moved = home + "elsewhere/"
        #expect(try await client.send("MOVE", calendar, ["Destination": client.server.url + moved]).status == 201)
        #expect(try await client.send("DELETE", moved).status == 204)
        await client.server.stop()
        withExtendedLifetime(folder) {}
    }

    @Test func davx5() async throws {
        let (client, folder) = try await start("DAVx5/4.4.3 (ical4j/3.2.19) Android/15")
        for service in ["caldav", "carddav"] {
            let answer = try await client.send("PROPFIND", "/.well-known/\(service)", ["Depth": "0"])
            #expect(answer.status / 100 == 3 && answer.header("Location") == "/")
        }
        let who = try await client.propfind("/", depth: "0", "<D:current-user-principal/>")
        let principal = try #require(who["/"]?.href(.currentUserPrincipal))
        let homes = try await client.propfind(
            principal, depth: "0",
            "<D:displayname/><D:resourcetype/><D:group-membership/><C:calendar-home-set/><CR:addressbook-home-set/>"
                + "<CS:calendar-proxy-read-for/><CS:calendar-proxy-write-for/>")
        let home = try #require(homes[principal]?.href(.calendarHomeSet))
        let books = try #require(homes[principal]?.href(.addressbookHomeSet))
        #expect(homes[principal]?.property(.groupMembership) != nil)
        let made = try await client.send(
            "MKCOL", home + "tasks/", ["Content-Type": "application/xml; charset=utf-8"],
            "<D:mkcol \(Transcript.names)><D:set><D:prop><D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
                + "<D:displayname>Tasks</D:displayname><A:calendar-color>#FFAA00FF</A:calendar-color>"
                + "<C:calendar-timezone-id>Europe/Vienna</C:calendar-timezone-id><C:supported-calendar-component-set>"
                + "<C:comp name=\"VTODO\"/></C:supported-calendar-component-set></D:prop></D:set></D:mkcol>")
        #expect(made.status == 201, "\(made.text)")
        let listed = try await client.propfind(
            home, depth: "1",
            "<D:resourcetype/><D:displayname/><D:current-user-privilege-set/><D:owner/><A:calendar-color/>"
                + "<C:calendar-description/><C:calendar-timezone/><C:calendar-timezone-id/>"
                + "<C:supported-calendar-component-set/><CS:source/><CS:getctag/><D:sync-token/><D:supported-report-set/>"
        )
        let tasks = try #require(listed[home + "tasks/"])
        #expect(
            tasks.property(.supportedCalendarComponentSet)?.elements.compactMap { $0.attribute("name") } == ["VTODO"])
        #expect(tasks.property(.calendarTimezoneID)?.text == "Europe/Vienna")
        let wrong = try await client.send(
            "PUT", home + "tasks/e.ics", ["If-None-Match": "*"], Transcript.event("e", "No task"))
        #expect(wrong.status == 403 && wrong.text.contains("supported-calendar-component"))

        // Contacts: the versions it can have, then a limited first synchronisation in pieces.
        let book = books + "addressbook/"
        let capabilities = try await client.propfind(
            book, depth: "0",
            "<CR:max-resource-size/><CR:supported-address-data/><D:supported-report-set/><D:sync-token/>")
        #expect(capabilities[book]?.property(.supportedAddressData)?.elements.count == 2)
        for number in 1...25 {
            let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:c\(number)\r\nFN:Person \(number)\r\nEND:VCARD\r\n"
            #expect(
                try await client.send(
                    "PUT", book + "c\(number).vcf", ["If-None-Match": "*", "Content-Type": "text/vcard; version=4.0"],
                    card
                ).status == 201)
        }
        var token = ""
        var names: Set<String> = []
        var rounds = 0
        repeat {
            let piece = try await client.multistatus(
                "REPORT", book, ["Depth": "0"],
                "<D:sync-collection \(Transcript.names)><D:sync-token>\(token)</D:sync-token><D:sync-level>1</D:sync-level>"
                    + "<D:limit><D:nresults>10</D:nresults></D:limit><D:prop><D:getetag/></D:prop></D:sync-collection>")
            let isLast = piece[book] == nil
            if !isLast { #expect(piece[book]?.status?.code == 507) }
            for response in piece.responses where response.status == nil { names.formUnion(response.hrefs) }
            token = try #require(piece.syncToken)
            rounds += 1
            if isLast { break }
        } while rounds < 10
        #expect(rounds == 3 && names.count == 25)
        let cards = try await client.multistatus(
            "REPORT", book, ["Depth": "0"],
            "<CR:addressbook-multiget \(Transcript.names)><D:prop><D:getcontenttype/><D:getetag/>"
                + "<CR:address-data content-type=\"text/vcard\" version=\"4.0\"/></D:prop><D:href>\(book)c1.vcf</D:href>"
                + "<D:href>\(book)missing.vcf</D:href></CR:addressbook-multiget>")
        #expect(cards[book + "c1.vcf"]?.property(.addressData)?.text.contains("VERSION:4.0") == true)
        #expect(cards[book + "missing.vcf"]?.status?.code == 404)
        let old = try await client.multistatus(
            "REPORT", book, ["Depth": "0"],
            "<CR:addressbook-multiget \(Transcript.names)><D:prop>"
                + "<CR:address-data content-type=\"text/vcard\" version=\"3.0\"/></D:prop><D:href>\(book)c1.vcf</D:href>"
                + "</CR:addressbook-multiget>")
        #expect(old[book + "c1.vcf"]?.property(.addressData)?.text.contains("VERSION:3.0") == true)
        await client.server.stop()
        withExtendedLifetime(folder) {}
    }

    @Test func thunderbird() async throws {
        let (client, folder) = try await start("Mozilla/5.0 Gecko/20100101 Thunderbird/128.0")
        let calendar = "/user/calendars/calendar/"
        // It asks the address that the user gave for everything at once.
        let first = try await client.propfind(
            calendar, depth: "0",
            "<D:resourcetype/><D:owner/><D:current-user-principal/><D:current-user-privilege-set/>"
                + "<D:supported-report-set/><C:supported-calendar-component-set/><CS:getctag/><C:calendar-home-set/>")
        let own = try #require(first[calendar])
        #expect(own.has(.calendar))
        let reports = own.property(.supportedReportSet)?.elements.compactMap { $0.first(.report)?.elements.first?.name }
        #expect(Set(reports ?? []).isSuperset(of: [.syncCollection, .calendarMultiget, .calendarQuery]))
        #expect(try await client.send("OPTIONS", calendar).header("DAV")?.contains("calendar-access") == true)
        let principal = try #require(own.href(.currentUserPrincipal))
        let identity = try await client.propfind(
            principal, depth: "0",
            "<C:calendar-home-set/><C:calendar-user-address-set/><C:schedule-inbox-URL/><C:schedule-outbox-URL/>")
        #expect(identity[principal]?.href(.calendarHomeSet) == "/user/calendars/")
        for number in 1...3 {
            let put = try await client.send(
                "PUT", calendar + "\(number).ics",
                ["If-None-Match": "*", "Content-Type": "text/calendar; charset=utf-8"],
                Transcript.event("\(number)", "Event \(number)"))
            #expect(put.status == 201)
        }
        let all = try await client.multistatus(
            "REPORT", calendar, ["Depth": "1"],
            "<sync-collection xmlns=\"DAV:\"><sync-token/><sync-level>1</sync-level><prop><getcontenttype/><getetag/>"
                + "</prop></sync-collection>")
        #expect(all.responses.count == 3)
        let token = try #require(all.syncToken)
        let body = "<multiget/>"
        #expect(try await client.send("REPORT", calendar, [:], body).status == 403, "an unknown report says so")
        let data = try await client.multistatus(
            "REPORT", calendar, ["Depth": "1"],
            "<C:calendar-multiget \(Transcript.names)><D:prop><D:getetag/><C:calendar-data/></D:prop>"
                + all.responses.flatMap(\.hrefs).map { "<D:href>\($0)</D:href>" }.joined() + "</C:calendar-multiget>")
        #expect(data.responses.allSatisfy { $0.property(.calendarData)?.text.contains("SUMMARY:Event") == true })
        // Without synchronisation it compares tags instead.
        let tag = try await client.propfind(calendar, depth: "0", "<CS:getctag/>")[calendar]?.property(.getctag)?.text
        let listed = try await client.propfind(calendar, depth: "1", "<D:getcontenttype/><D:resourcetype/><D:getetag/>")
        #expect(listed.responses.count == 4)
        #expect(try await client.send("DELETE", calendar + "2.ics").status == 204)
        let later = try await client.propfind(calendar, depth: "0", "<CS:getctag/>")[calendar]?.property(.getctag)?.text
        #expect(tag != nil && later != tag)
        let changes = try await client.multistatus(
            "REPORT", calendar, ["Depth": "1"],
            "<sync-collection xmlns=\"DAV:\"><sync-token>\(token)</sync-token><sync-level>1</sync-level><prop><getetag/>"
                + "</prop></sync-collection>")
        #expect(changes.responses.map(\.hrefs) == [[calendar + "2.ics"]])
        let lost = try await client.send(
            "REPORT", calendar, ["Depth": "1"],
            "<sync-collection xmlns=\"DAV:\"><sync-token>data:,gone</sync-token><sync-level>1</sync-level><prop/></sync-collection>"
        )
        #expect(lost.status == 403 && lost.text.contains("valid-sync-token"))
        await client.server.stop()
        withExtendedLifetime(folder) {}
    }

    @Test func evolution() async throws {
        let (client, folder) = try await start("Evolution/3.52.3")
        // The collection backend looks at the root, then at the homes, and asks who is behind them.
        let root = try await client.propfind(
            "/", depth: "0",
            "<D:current-user-principal/><D:principal-URL/><C:calendar-home-set/><CR:addressbook-home-set/>")
        let principal = try #require(root["/"]?.href(.currentUserPrincipal))
        let options = try await client.send("OPTIONS", principal)
        #expect(options.header("Allow")?.contains("REPORT") == true)
        let homes = try await client.propfind(
            principal, depth: "0", "<C:calendar-home-set/><CR:addressbook-home-set/><C:calendar-user-address-set/>")
        let home = try #require(homes[principal]?.href(.calendarHomeSet))
        let listed = try await client.propfind(
            home, depth: "1",
            "<D:resourcetype/><D:displayname/><C:calendar-description/><C:supported-calendar-component-set/>"
                + "<A:calendar-color/><A:calendar-order/><D:current-user-privilege-set/>")
        let calendar = try #require(listed.responses.first { $0.has(.calendar) }?.hrefs.first)
        // The collection editor shows rights.
        let rights = try await client.propfind(
            calendar, depth: "0",
            "<D:owner/><D:acl/><D:acl-restrictions/><D:supported-privilege-set/><D:principal-collection-set/><D:group/>"
        )
        #expect(rights[calendar]?.property(.acl)?.all(.ace).isEmpty == false)
        #expect(rights[calendar]?.property(.aclRestrictions)?.first(.grantOnly) != nil)
        let put = try await client.send(
            "PUT", calendar + "a.ics", ["If-None-Match": "*", "Content-Type": "text/calendar; charset=\"utf-8\""],
            Transcript.event("a", "Müsli & <Brot>"))
        #expect(put.status == 201)
        // Evolution finds what there is with a query for the kind of component.
        let query = try await client.multistatus(
            "REPORT", calendar, ["Depth": "1"],
            "<C:calendar-query \(Transcript.names)><D:prop><D:getetag/></D:prop><C:filter>"
                + "<C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"VEVENT\"/></C:comp-filter></C:filter>"
                + "</C:calendar-query>")
        #expect(query[calendar + "a.ics"]?.property(.getetag)?.text == put.header("ETag"))
        let range = try await client.multistatus(
            "REPORT", calendar, ["Depth": "1"],
            "<C:calendar-query \(Transcript.names)><D:prop><D:getetag/><C:calendar-data/></D:prop><C:filter>"
                + "<C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"VEVENT\">"
                + "<C:time-range start=\"20260105T000000Z\" end=\"20260106T000000Z\"/></C:comp-filter></C:comp-filter>"
                + "</C:filter></C:calendar-query>")
        #expect(range[calendar + "a.ics"]?.property(.calendarData)?.text == Transcript.event("a", "Müsli & <Brot>"))
        let stale = try await client.send(
            "PUT", calendar + "a.ics", ["If-Match": "\"old\""], Transcript.event("a", "x"))
        #expect(stale.status == 412)
        let made = try await client.send(
            "MKCALENDAR", home + "evo/", [:],
            "<C:mkcalendar \(Transcript.names)><D:set><D:prop><D:displayname>Evo</D:displayname></D:prop></D:set></C:mkcalendar>"
        )
        #expect(made.status == 201)
        let busy = try await client.send(
            "REPORT", home, ["Depth": "infinity"],
            "<C:free-busy-query \(Transcript.names)><C:time-range start=\"20260105T000000Z\" end=\"20260106T000000Z\"/>"
                + "</C:free-busy-query>")
        #expect(busy.status == 200 && busy.text.contains("FREEBUSY:20260105T090000Z/20260105T100000Z"))
        #expect(try await client.send("DELETE", home + "evo/").status == 204)
        await client.server.stop()
        withExtendedLifetime(folder) {}
    }
}
