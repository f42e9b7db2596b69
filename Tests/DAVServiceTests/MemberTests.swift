import CollectionStore
import DAVService
import HTTPTypes
import Testing
import WebDAV
import XMLStream

private let event = Body.event(uid: "a", "DTSTART:20260101T100000Z", "SUMMARY:One")

@Suite struct MemberTests {
    /// Everything that a careless server would rewrite: order, folds, case, line ends, unknown properties.
    @Test(arguments: [
        "BEGIN:VCALENDAR\r\nPRODID:x\r\nVERSION:2.0\r\nbegin:vevent\r\nx-odd;P=\"a;b\":c\\,d\r\nSUMMARY:folded\r\n  here\r\nUID:odd\r\nDTSTART;VALUE=DATE:20260101\r\nDTSTAMP:20260101T000000Z\r\nend:vevent\r\nEND:VCALENDAR\r\n",
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:lf only\nBEGIN:VEVENT\nUID:lf\nDTSTAMP:20260101T000000Z\nDTSTART:20260101T100000Z\nSUMMARY:ěšč 😀\nEND:VEVENT\nEND:VCALENDAR\n",
    ])
    func bytesComeBackAsTheyWere(object: String) async throws {
        let site = try await Site()
        let put = try await site.send(.put, calendar + "odd.ics", [.contentType: "text/calendar"], body: object)
        #expect(put.status == 201)
        let get = try await site.send(.get, calendar + "odd.ics")
        #expect(get.status == 200)
        #expect(get.body == Array(object.utf8))
        #expect(get.etag == put.etag)
        #expect(get.headers[.contentType] == "text/calendar; charset=utf-8")
        #expect(get.headers[.lastModified] != nil)
        #expect(get.headers[.xContentTypeOptions] == "nosniff")
        let inReport = try await site.report(calendar, body: Body.multiget([calendar + "odd.ics"])).multistatus
        #expect(inReport.responses.first?.text(.calendarData) == object)
        #expect(inReport.responses.first?.text(.getetag) == put.etag)
    }

    @Test func theTagIsTheBlob() async throws {
        let site = try await Site()
        let put = try await site.send(.put, calendar + "a.ics", body: event)
        let tag = try #require(put.etag)
        #expect(tag.count == 42)
        #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
        let again = try await site.send(.put, calendar + "a.ics", body: event)
        #expect(again.status == 204)
        #expect(again.etag == tag)
    }

    @Test func headAnswersLikeGetWithoutBody() async throws {
        let site = try await Site()
        _ = try await site.send(.put, calendar + "a.ics", body: event)
        let get = try await site.send(.get, calendar + "a.ics")
        let head = try await site.send(.head, calendar + "a.ics")
        #expect(head.status == 200)
        #expect(head.body.isEmpty)
        #expect(head.headers == get.headers)
        #expect(head.headers[.contentLength] == String(event.utf8.count))
        #expect(try await site.send(.head, calendar + "none.ics").body.isEmpty)
    }

    @Test func onlyTheRightConditionChangesAnything() async throws {
        let site = try await Site()
        let path = calendar + "a.ics"
        let other = Body.event(uid: "a", "DTSTART:20260101T100000Z", "SUMMARY:Two")
        #expect(try await site.send(.put, path, [.ifMatch: "*"], body: event).status == 412)
        #expect(try await site.send(.put, path, [.ifMatch: "\"abc\""], body: event).status == 412)
        let created = try await site.send(.put, path, [.ifNoneMatch: "*"], body: event)
        #expect(created.status == 201)
        let tag = try #require(created.etag)
        let wrong = try await site.send(.put, path, [.ifNoneMatch: "*"], body: other)
        #expect(wrong.status == 412)
        #expect(wrong.headers[.eTag] == tag)
        #expect(try await site.send(.put, path, [.ifMatch: "W/\(tag)"], body: other).status == 412)
        #expect(try await site.send(.put, path, [.ifNoneMatch: tag], body: other).status == 412)
        #expect(try await site.send(.put, path, [.if: "([\"abc\"])"], body: other).status == 412)
        #expect(try await site.send(.put, path, [.if: "(<urn:uuid:1>)"], body: other).status == 412)
        #expect(try await site.send(.get, path).text == event)
        let changed = try await site.send(.put, path, [.ifMatch: "\"abc\", \(tag)"], body: other)
        #expect(changed.status == 204)
        let newTag = try #require(changed.etag)
        #expect(newTag != tag)
        #expect(try await site.send(.put, path, [.if: "([\(newTag)])"], body: event).status == 204)
        #expect(try await site.send(.get, path, [.ifNoneMatch: "\"x\", W/\(tag)"]).status == 304)
        #expect(try await site.send(.get, path, [.ifMatch: "\"x\""]).status == 412)
        #expect(try await site.send(.delete, path, [.ifMatch: newTag]).status == 412)
        #expect(try await site.send(.delete, path, [.ifMatch: tag]).status == 204)
        #expect(try await site.send(.get, path).status == 404)
        #expect(try await site.send(.delete, path).status == 404)
        #expect(try await site.send(.put, path, [.ifMatch: "\"open"], body: event).status == 400)
    }

    @Test func ofManyWithTheSameConditionOneWins() async throws {
        let site = try await Site()
        let path = calendar + "a.ics"
        let tag = try #require(try await site.send(.put, path, body: event).etag)
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let body = Body.event(uid: "a", "DTSTART:20260101T100000Z", "SUMMARY:\(number)")
                    return try await site.send(.put, path, [.ifMatch: tag], body: body).status
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.filter { $0 == 204 }.count == 1)
        #expect(statuses.filter { $0 == 412 }.count == 7)
    }

    @Test func refusalsNameTheirCondition() async throws {
        let site = try await Site(
            DAVOptions(singleUserPrincipal: try CollectionPath("/user/"), autocreate: .defaults, maxResourceSize: 2_000)
        )
        let caldav = "{\(DAVNamespace.caldav)}"
        let carddav = "{\(DAVNamespace.carddav)}"
        _ = try await site.send(.put, calendar + "a.ics", body: event)
        _ = try await site.send(.put, addressbook + "a.vcf", body: Body.card(uid: "c", "Ada"))
        func expect(
            _ target: String, _ body: String, _ condition: String, _ sourceLocation: SourceLocation = #_sourceLocation
        )
            async throws
        {
            let answer = try await site.send(.put, target, body: body)
            #expect(answer.status == 403, sourceLocation: sourceLocation)
            #expect(answer.condition == condition, sourceLocation: sourceLocation)
            #expect(answer.sentence.count > 10, sourceLocation: sourceLocation)
            #expect(try await site.send(.get, target).status == 404, sourceLocation: sourceLocation)
        }
        try await expect(calendar + "b.ics", "garbage", caldav + "valid-calendar-data")
        try await expect(calendar + "b.ics", String(event.dropLast(20)), caldav + "valid-calendar-data")
        try await expect(
            calendar + "b.ics", event.replacing("VERSION:2.0\r\n", with: "VERSION:2.0\r\nMETHOD:REQUEST\r\n"),
            caldav + "valid-calendar-object-resource")
        try await expect(calendar + "b.ics", event, caldav + "no-uid-conflict")
        try await expect(
            calendar + "b.ics",
            Body.event(uid: "b", "DTSTART:20260101T100000Z", "X-A:" + String(repeating: "x", count: 2_000)),
            caldav + "max-resource-size")
        try await expect(addressbook + "b.vcf", "garbage", carddav + "valid-address-data")
        try await expect(addressbook + "b.vcf", Body.card(uid: "c", "Bob"), carddav + "no-uid-conflict")
        try await expect(
            addressbook + "b.vcf", Body.card(uid: "d", "Bob", "NOTE:" + String(repeating: "x", count: 2_000)),
            carddav + "max-resource-size")
        let conflict = try await site.send(.put, calendar + "b.ics", body: event)
        let holder = try XMLElement(parsing: conflict.body).elements.first?.first(.href)?.text
        #expect(holder == calendar + "a.ics")
        // The same UID in another calendar is another event.
        _ = try await site.send(.mkcalendar, "/user/calendars/second/")
        #expect(try await site.send(.put, "/user/calendars/second/a.ics", body: event).status == 201)
    }

    @Test func placesWhereNothingCanBePut() async throws {
        let site = try await Site()
        #expect(try await site.send(.put, "/user/calendars/none/a.ics", body: event).status == 409)
        #expect(try await site.send(.put, calendar, body: event).status == 405)
        #expect(try await site.send(.put, String(calendar.dropLast()), body: event).status == 405)
        #expect(try await site.send(.put, "/user/a.ics", body: event).status == 403)
        #expect(try await site.send(.put, calendar + "a.ics/b.ics", body: event).status == 409)
        #expect(
            try await site.send(.put, calendar + "a.ics", [.contentRange: "bytes 0-1/2"], body: event).status == 400)
    }

    @Test func namesOfAllKindsWork() async throws {
        let site = try await Site()
        let names = [
            "a b", "ž😀", "a@b", "100%", "q?x", "h#x", "semi;colon", "plus+", "no-extension", "'quote\"", "a&b<c>",
        ]
        for (number, name) in names.enumerated() {
            let target = calendar + ResourcePath.encode(name) + ".ics"
            let body = Body.event(uid: "u\(number)", "DTSTART:20260101T100000Z")
            #expect(try await site.send(.put, target, body: body).status == 201, "\(name)")
            #expect(try await site.send(.get, target).text == body)
        }
        #expect(try await site.send(.get, calendar + "a@b.ics").status == 200)
        #expect(try await site.send(.get, calendar + "a%40b.ics").status == 200)
        let listing = try await site.propfind(calendar, depth: "1", "<getetag/>")
        for name in names {
            #expect(listing[calendar + ResourcePath.encode(name) + ".ics"] != nil, "\(name)")
        }
        let answer = try await site.report(
            calendar, body: Body.multiget([calendar + "a@b.ics", calendar + "a%40b.ics"]))
        #expect(try answer.multistatus.responses.allSatisfy { $0.text(.getetag) != nil })
    }

    @Test(arguments: [
        ("/user/../user/x.ics", 400), ("/user/%2e%2e/x.ics", 400), ("/user/calendars/calendar/a%2Fb.ics", 400),
        ("/user/calendars/calendar/a%00b.ics", 400), ("/user/calendars/calendar/.git", 403),
        ("/user/calendars/calendar/.git/config", 403), ("/user/calendars/calendar/.xandikos", 403),
        ("/user/calendars/calendar/.GIT/config", 403), ("/user/calendars/calendar/a\\b.ics", 403),
        ("/user/calendars/calendar/a.ics#fragment", 400), ("/user/calendars/calendar/%zz.ics", 400),
    ])
    func hostilePathsAreRefused(target: String, status: Int) async throws {
        let site = try await Site()
        for method in [HTTPRequest.Method.put, .get, .delete, .propfind, .mkcol, .mkcalendar] {
            let answer = try await site.send(method, target, body: method == .put ? event : "")
            #expect(answer.status == status, "\(method) \(target)")
            #expect(answer.sentence.count > 10)
        }
        let long = calendar + String(repeating: "x", count: 4_096) + ".ics"
        #expect(try await site.send(.put, long, body: event).status == 414)
        #expect(try await site.send(.put, calendar + String(repeating: "x", count: 300), body: event).status == 403)
    }

    @Test func theMemberCanComeBackWithTheAnswer() async throws {
        let site = try await Site()
        let answer = try await site.send(.put, calendar + "a.ics", [.prefer: "return=representation"], body: event)
        #expect(answer.status == 201)
        #expect(answer.text == event)
        #expect(answer.headers[.preferenceApplied] == "return=representation")
    }

    @Test func aCalendarCanBeFetchedAsAWhole() async throws {
        let site = try await Site()
        _ = try await site.send(.put, calendar + "a.ics", body: event)
        _ = try await site.send(
            .put, calendar + "b.ics", body: Body.object("VTODO", uid: "t", ["SUMMARY:Task", "DUE:20260102T100000Z"]))
        let answer = try await site.send(.get, calendar)
        #expect(answer.headers[.contentType] == "text/calendar; charset=utf-8")
        #expect(answer.text.split(separator: "BEGIN:VCALENDAR", omittingEmptySubsequences: false).count == 2)
        #expect(answer.text.contains("SUMMARY:One\r\n") && answer.text.contains("BEGIN:VTODO\r\n"))
        #expect(answer.text.hasSuffix("END:VCALENDAR\r\n"))
        let tag = try #require(answer.etag)
        #expect(try await site.send(.get, calendar, [.ifNoneMatch: tag]).status == 304)
        let page = try await site.send(.get, "/user/", [.accept: "text/html"])
        #expect(page.headers[.contentType] == "text/html; charset=utf-8")
        #expect(page.text.contains("href=\"/user/calendars/\""))
    }
}
