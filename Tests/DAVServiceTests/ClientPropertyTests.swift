import CollectionStore
import DAVService
import HTTPTypes
import Testing
import WebDAV
import XMLStream

/// Properties that clients bring with them: they are kept where clients put them, and nothing is made up.
@Suite struct ClientPropertyTests {
    private func patch(_ site: Site, _ target: String, _ property: String) async throws -> Int? {
        let answer = try await site.send(
            .proppatch, target, body: Body.proppatch("<set><prop>\(property)</prop></set>"))
        return try answer.multistatus[target]?.propstats.first?.status.code
    }

    /// The alarms that Apple Calendar gives to new events, in the home and in a calendar.
    @Test(arguments: ["/user/calendars/", calendar, "/user/", "/user/inbox/"])
    func defaultAlarmsAreKept(place: String) async throws {
        let site = try await Site()
        let alarm = "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nEND:VALARM\n"
        for name in ["default-alarm-vevent-date", "default-alarm-vevent-datetime"] {
            let property = XMLName(caldav: name)
            #expect(try await site.propfind(place, "<C:\(name)/>")[place]?.status(of: property) == 404)
            #expect(try await patch(site, place, "<C:\(name)>\(alarm)</C:\(name)>") == 200)
            #expect(try await site.propfind(place, "<C:\(name)/>")[place]?.text(property) == alarm)
        }
    }

    @Test func whoIsMeIsKept() async throws {
        let site = try await Site()
        let card = addressbook + "me.vcf"
        #expect(try await site.send(.put, card, body: Body.card(uid: "me", "Ada")).status == 201)
        for place in ["/user/contacts/", addressbook, "/user/"] {
            #expect(try await patch(site, place, "<CS:me-card><href>\(card)</href></CS:me-card>") == 200)
            #expect(try await site.propfind(place, "<CS:me-card/>")[place]?.hrefs(in: .meCard) == [card])
        }
        #expect(
            try await patch(site, "/user/", "<CR:principal-address><href>\(card)</href></CR:principal-address>") == 200)
        let found = try await site.propfind("/user/", "<CR:principal-address/>")["/user/"]
        #expect(found?.hrefs(in: .principalAddress) == [card])
    }

    /// People have properties of their own, beside what the server says of them.
    @Test func peopleHaveNames() async throws {
        let site = try await Site()
        #expect(try await patch(site, "/user/", "<displayname>Ada &amp; Co</displayname>") == 200)
        #expect(try await site.propfind("/user/", "<displayname/>")["/user/"]?.text(.displayname) == "Ada & Co")
        #expect(try await patch(site, "/user/", "<Z:note>a\n  b</Z:note>") == 200)
        let all = try await site.send(.propfind, "/user/", [.depth: "0"]).multistatus["/user/"]
        #expect(all?.text(XMLName("urn:z", "note")) == "a\n  b")
        #expect(try await patch(site, "/user/", "<C:calendar-home-set><href>/x/</href></C:calendar-home-set>") == 403)
        let remove = Body.proppatch("<remove><prop><displayname/><Z:note/></prop></remove>")
        #expect(try await site.send(.proppatch, "/user/", body: remove).status == 207)
        let after = try await site.propfind("/user/", "<displayname/><Z:note/><C:calendar-home-set/>")["/user/"]
        #expect(after?.text(.displayname) == "user")
        #expect(after?.status(of: XMLName("urn:z", "note")) == 404)
        #expect(after?.hrefs(in: .calendarHomeSet) == ["/user/calendars/"])
    }

    @Test func nobodyNamesOthers() async throws {
        let site = try await Site(DAVOptions(autocreate: .defaults))
        for user in ["ada", "bob"] { _ = try await site.send(.propfind, "/", [.depth: "0"], user: user) }
        let body = Body.proppatch("<set><prop><displayname>Fool</displayname></prop></set>")
        #expect(try await site.send(.proppatch, "/ada/", body: body, user: "bob").status == 403)
        #expect(try await site.propfind("/ada/", "<displayname/>", user: "bob")["/ada/"]?.text(.displayname) == "ada")
    }

    /// What is not there is not said to be there: no push, no notifications, no scheduling, no server for time zones.
    @Test func whatIsNotThereIsNotAnnounced() async throws {
        let site = try await Site()
        let home = "/user/calendars/"
        let absent = ["push-transports", "pushkey", "notification-URL", "dropbox-home-URL"].map {
            XMLName(calendarServer: $0)
        }
        let scheduling: [XMLName] = [.scheduleInboxURL, .scheduleOutboxURL, .scheduleDefaultCalendarURL]
        for place in ["/user/", home, calendar] {
            let asked = absent.map { "<CS:\($0.local)/>" } + scheduling.map { "<C:\($0.local)/>" }
            let found = try await site.propfind(place, asked.joined())[place]
            for name in absent + scheduling { #expect(found?.status(of: name) == 404, "\(name) at \(place)") }
        }
        let classes = try await site.send(.options, "/user/").headers[.dav] ?? ""
        for word in ["calendar-auto-schedule", "calendar-schedule", "calendar-managed-attachments", "webdav-push"] {
            #expect(!classes.contains(word))
        }
        let zones = try await site.propfind(home, "<C:timezone-service-set/>")[home]
        #expect(zones?.status(of: .timezoneServiceSet) == 200 && zones?.hrefs(in: .timezoneServiceSet) == [])
    }
}
