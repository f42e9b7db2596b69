import Foundation
import PeerPrograms
import Testing

/// An account that is subscribed to a calendar elsewhere, from the first backup to the restore on another server.
@Suite(.serialized) struct SubscriptionTests {
    private func feed(_ summaries: [String]) -> String {
        let events = summaries.enumerated().map { number, summary in
            """
            BEGIN:VEVENT
            UID:\(number)@club
            DTSTAMP:20260101T000000Z
            DTSTART:2026030\(number + 1)T100000Z
            DTEND:2026030\(number + 1)T110000Z
            SUMMARY:\(summary)
            END:VEVENT
            """
        }
        return "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Club//EN\n\(events.joined(separator: "\n"))\nEND:VCALENDAR\n"
    }

    @Test func itsEventsAreKeptSearchedAndGivenBack() async throws {
        guard let python = PeerEnvironment.python else { return }
        let work = try TemporaryFolder()
        let web = work.url.appending(path: "web")
        try FileManager.default.createDirectory(at: web, withIntermediateDirectories: true)
        let page = web.appending(path: "club.ics")
        try Data(feed(["Fair", "Choir"]).utf8).write(to: page)
        let port = try PeerServer.freePort()
        let site = try PeerProcess(
            python, ["-m", "http.server", "\(port)", "--bind", "127.0.0.1", "--directory", web.path])
        let server = try #require(try await PeerServer.start(.fasti, in: work.appending("server")))
        _ = try await RemoteCollection.create(
            calendar: "/user/calendars/work/", on: server, name: "Work", color: "#112233FF")
        let made = try await exchange(
            "MKCOL", "\(server.url)/user/calendars/club/",
            headers: ["Content-Type": "application/xml; charset=utf-8"],
            body: Array(
                """
                <D:mkcol xmlns:D="DAV:" xmlns:CS="http://calendarserver.org/ns/"><D:set><D:prop>
                <D:resourcetype><D:collection/><CS:subscribed/></D:resourcetype><D:displayname>Club</D:displayname>
                <CS:source><D:href>http://127.0.0.1:\(port)/club.ics</D:href></CS:source>
                </D:prop></D:set></D:mkcol>
                """.utf8))
        try #require(made.status == 201, "\(made.text)")
        let fasti = try FastiProgram()
        let store = work.appending("store")
        let added = try await fasti("source add account dav+http://127.0.0.1:\(server.port) subscribed=true")
        #expect(added.text.contains("1 subscription"), "\(added.text)")
        try await fasti("at \(store) create -plaintext")
        try await fasti("at \(store) backup @account")
        #expect(try await fasti("at \(store) locate --latest --summary choir").text.contains("/calendars/club/"))
        #expect(try await fasti("at \(store) ls").text.contains("127.0.0.1:\(server.port)"), "which account it is")
        let unchanged = try await fasti("at \(store) backup @account")
        #expect(site.output.contains("304"), "\(site.output) \(unchanged.text)")

        // The modification time has whole seconds there.
        try Data(feed(["Fair", "Choir, at seven"]).utf8).write(to: page)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: 60)], ofItemAtPath: page.path)
        try await fasti("at \(store) backup @account")
        let snapshots = try await fasti.snapshots(of: store)
        let difference = try await fasti(["at", store, "diff", try #require(snapshots.first), "latest"])
        #expect(difference.text.contains("Calendar \"Club\"") && difference.text.contains("at seven"))

        // A feed that is cut is a gap with a sentence, and the rest is kept.
        try Data(feed(["Fair", "Choir"]).utf8.prefix(150)).write(to: page)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: 120)], ofItemAtPath: page.path)
        let cut = try await fasti("at \(store) backup @account", expecting: 3)
        #expect(
            cut.standardError.contains("\"Club\" could not be read") || cut.text.contains("\"Club\" could not be read"))

        // Back on a server that keeps subscriptions, and on one that does not.
        let good = try #require(try await fasti.snapshots(of: store).dropLast().last)
        for kind in [PeerServer.Kind.fasti, .xandikos] {
            guard let target = try await PeerServer.start(kind, in: work.appending("target-\(kind)")) else { continue }
            try await fasti("destination add \(kind) dav+http://127.0.0.1:\(target.port)")
            let told = try await fasti(["at", store, "restore", "--to", "@\(kind)", "--dry-run", good])
            #expect((told.text + told.standardError).contains("would be subscribed to again"))
            let result = try await fasti(["at", store, "restore", "--to", "@\(kind)", good])
            let words = result.text + result.standardError
            #expect(words.contains(kind == .fasti ? "is subscribed to again" : "becomes a calendar with its 2 events"))
            #expect(
                words.contains("\"Club\" -> /user/calendars/club/ (new): \(kind == .fasti ? "made" : "2 added")"),
                "\(words)")
            await target.stop()
        }

        // What was mistyped is answered with what there is.
        let missing = try await fasti(["at", store, "export", "\(good):/calendars/Club"], expecting: 1)
        #expect(missing.standardError.contains("/calendars has calendar, club, work."), "\(missing.standardError)")
        let wrong = try await fasti(["at", store, "restore", "--to", "@account", good], expecting: 1)
        #expect(wrong.standardError.contains("There is a source of that name"))
        await server.stop()
        await site.stop()
    }
}
