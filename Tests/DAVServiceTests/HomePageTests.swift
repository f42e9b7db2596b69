import DAVService
import HTTPTypes
import Testing
import WebDAV

/// The first page, for a person with a browser.
@Suite struct HomePageTests {
    @Test func itShowsWhatIsHereAndNothingElseRuns() async throws {
        let site = try await Site()
        let nasty = "<script>alert('x')</script>\" onload=\"x"
        let escaped = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;x"
        let body = """
            <propertyupdate xmlns="DAV:" xmlns:A="http://apple.com/ns/ical/"><set><prop>
            <displayname>\(escaped)</displayname><A:calendar-color>#0a1B2cFF</A:calendar-color></prop></set></propertyupdate>
            """
        let changed = try await site.send(.proppatch, "/user/calendars/calendar/", [:], body: body)
        #expect(changed.status == 207)
        let page = try await site.send(.get, "/", [.accept: "text/html", .xForwardedProto: "https"])
        #expect(page.status == 200 && page.headers[.contentType] == "text/html; charset=utf-8")
        #expect(!page.text.contains(nasty) && page.text.contains("&lt;script&gt;alert"))
        #expect(page.text.contains("background:#0a1b2c"))
        #expect(page.text.contains("<code>https://"), "as the browser sees it, behind a proxy")
        #expect(
            page.text.contains("/user/calendars/calendar/?export") && page.text.contains("/user/contacts/addressbook/"))
        for app in ["Apple", "DAVx", "Thunderbird", "Evolution", "git clone"] {
            #expect(page.text.contains(app), "\(app)")
        }
        let policy = try #require(page.headers[.contentSecurityPolicy])
        #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
        let nonce = try #require(policy.split(separator: "'").first { $0.hasPrefix("nonce-") }).dropFirst(6)
        #expect(page.text.contains("<script nonce=\"\(nonce)\">") && page.text.contains("<style nonce=\"\(nonce)\">"))
        #expect(!page.text.contains("src=") && !page.text.contains("style=\""), "nothing from elsewhere")
        let again = try await site.send(.get, "/", [.accept: "text/html"])
        #expect(again.headers[.contentSecurityPolicy] != policy, "the secret is of one answer")
        // The downloads are what they say.
        let cards = try await site.send(.get, "/user/contacts/addressbook/?export")
        #expect(cards.headers[.contentType] == "text/vcard; charset=utf-8")
        let events = try await site.send(.get, "/user/calendars/calendar/?export", [.accept: "text/html"])
        #expect(events.text.hasPrefix("BEGIN:VCALENDAR\r\n"))
    }

    @Test func sharedCalendarsSayWhoseTheyAre() async throws {
        let site = try await Site(DAVOptions(autocreate: .defaults))
        for user in ["ada", "bob"] { _ = try await site.send(.get, "/", user: user) }
        let acl = """
            <acl xmlns="DAV:"><ace><principal><href>/bob/</href></principal>
            <grant><privilege><read/></privilege></grant></ace></acl>
            """
        #expect(try await site.send(.acl, "/ada/calendars/calendar/", [:], body: acl, user: "ada").status == 200)
        let page = try await site.send(.get, "/", [.accept: "text/html"], user: "bob")
        #expect(page.text.contains("shared by ada, to read"))
        #expect(page.text.contains("/bob/calendars/ada~calendar/?export"))
        let own = try await site.send(.get, "/", [.accept: "text/html"], user: "ada")
        #expect(!own.text.contains("shared by"))
    }
}
