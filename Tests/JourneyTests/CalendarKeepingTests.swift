import Foundation
import PeerPrograms
import Testing

/// What one does with the snapshots of a calendar: see what changed, find, take one event out, put it back.
@Suite(.serialized) struct CalendarKeepingTests {
    private func event(_ uid: String, _ lines: String...) -> [UInt8] {
        Array(
            (["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:\(uid)", "DTSTAMP:20260101T000000Z"]
                + lines + ["END:VEVENT", "END:VCALENDAR", ""]).joined(separator: "\r\n").utf8)
    }

    private func card(_ phone: String) -> [UInt8] {
        Array(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:anna\r\nFN:Anna\r\nTEL;TYPE=CELL:\(phone)\r\nEND:VCARD\r\n".utf8)
    }

    private let dentist = [
        "SUMMARY:Dentist", "DTSTART;TZID=Europe/Berlin:20260310T100000", "DTEND;TZID=Europe/Berlin:20260310T110000",
    ]

    @Test func changesAreReadFoundAndUndone() async throws {
        let work = try TemporaryFolder()
        let server = try #require(try await PeerServer.start(.fasti, in: work.appending("server")))
        let calendar = try await RemoteCollection.create(
            calendar: "/user/calendars/work/", on: server, name: "Work", color: "#112233FF")
        let people = try await RemoteCollection.create(
            addressBook: "/user/contacts/people/", on: server, name: "People")
        let first = [
            "d.ics": event("d", dentist[0], dentist[1], dentist[2]),
            "team.ics": event(
                "team", "SUMMARY:Team", "DTSTART:20260303T090000Z", "RRULE:FREQ=WEEKLY",
                "ATTENDEE;CN=Bert:mailto:bert@example.org", "ORGANIZER:mailto:me@example.org"),
            "lunch.ics": event("lunch", "SUMMARY:Lunch", "DTSTART:20260303T110000Z"),
        ]
        _ = try await calendar.put(first)
        _ = try await people.put(["anna.vcf": card("1")])
        let fasti = try FastiProgram()
        let store = work.appending("store")
        try await fasti("source add account dav+http://127.0.0.1:\(server.port)")
        try await fasti("destination add account dav+http://127.0.0.1:\(server.port)")
        try await fasti("at \(store) create -plaintext")
        try await fasti("at \(store) backup @account")

        _ = try await calendar.put([
            "d.ics": event(
                "d", "SUMMARY:Dentist", "DTSTART;TZID=Europe/Berlin:20260311T140000",
                "DTEND;TZID=Europe/Berlin:20260311T150000")
        ])
        _ = try await calendar.delete(["lunch.ics"])
        _ = try await people.put(["anna.vcf": card("2")])
        try await fasti("at \(store) backup @account")
        let snapshots = try await fasti.snapshots(of: store)
        let (old, new) = (try #require(snapshots.first), try #require(snapshots.last))

        let difference = try await fasti(["at", store, "diff", old, new])
        #expect(
            difference.text == """
                Address book "People"
                  ~ Anna's phone number (cell) changed from "1" to "2"
                Calendar "Work"
                  - Lunch (event, Tue 3 Mar 2026 11:00)
                  ~ Dentist moved from Tue 10:00 to Wed 14:00 (11 Mar 2026)

                """)
        #expect(difference.standardError.contains("0 added, 1 removed, 2 changed, 0 moved"))
        let document = try await json(fasti(["at", store, "diff", old, new, "--json"]))
        let objects = try #require(document["objects"] as? [[String: Any]])
        #expect(objects.compactMap { $0["uid"] as? String } == ["anna", "lunch", "d"])
        #expect(
            objects.last?["sentences"] as? [String] == ["Dentist moved from Tue 10:00 to Wed 14:00 (11 Mar 2026)"])
        #expect(
            try await fasti(["at", store, "diff", "--paths", old, new]).text.contains("- /calendars/work/lunch.ics"))

        // Search: a date of a series, an attendee, a contact.
        func found(_ words: String...) async throws -> [Substring] {
            try await fasti(["at", store, "locate"] + words).text.split(separator: "\n")
        }
        #expect(try await found("--latest", "--on", "2026-03-24").count == 1)
        #expect(try await found("--attendee", "bert").count == 2, "in both snapshots")
        #expect(try await found("--latest", "--contact", "anna").first?.hasSuffix("anna.vcf  Anna (contact)") == true)
        #expect(try await found("--summary", "LUNCH").map { $0.prefix(8) } == [old.prefix(8)])
        try await fasti(["at", store, "locate", "--summary", "nobody"], expecting: 1)
        let uid = try await fasti(["at", store, "cat", old, "--uid", "lunch"])
        #expect(uid.standardOutput == first["lunch.ics"])

        try await exports(fasti, store, in: work)

        // One event goes back where it was; the others stay as they are.
        let told = try await fasti(["at", store, "restore", "--to", "@account", "--summary", "lunch", "--dry-run", old])
        #expect(told.text.contains("\"Work\" -> /user/calendars/work/: 1 to add\n"))
        try await fasti(["at", store, "restore", "--to", "@account", "--summary", "lunch", old])
        var now = try await calendar.contents()
        #expect(now["lunch.ics"] == first["lunch.ics"] && now["d.ics"] != first["d.ics"])

        // Exact: everything as it was, and nothing else. It does not remove without a word.
        _ = try await calendar.put(["extra.ics": event("extra", "SUMMARY:Extra")])
        let refused = try await fasti(
            ["at", store, "restore", "--to", "@account", "--mode", "exact", old, "--json"], expecting: 64)
        #expect(refused.standardError.contains("removes 1 object from \\\"Work\\\""), "\(refused.standardError)")
        let exact = try await fasti([
            "at", store, "restore", "--to", "@account", "--mode", "exact", "--delete", old, "--json",
        ])
        now = try await calendar.contents()
        #expect(now == first)
        #expect(try await people.contents() == ["anna.vcf": card("1")])
        let last = try #require(exact.text.split(separator: "\n").last)
        let result = try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
        let data = try #require(result["data"] as? [String: Any])
        let collections = try #require(data["collections"] as? [[String: Any]])
        let counts = try #require(collections.first { $0["title"] as? String == "Work" })
        #expect(counts["removed"] as? Int == 1 && counts["replaced"] as? Int == 1 && counts["unchanged"] as? Int == 2)

        // Without a mode nothing that is there is touched, and running again makes no second copy.
        _ = try await calendar.put(["extra.ics": event("extra", "SUMMARY:Extra")])
        for _ in 1...2 { try await fasti(["at", store, "restore", "--to", "@account", old]) }
        #expect(try await calendar.contents().count == 4)
        let beside = RemoteCollection(server: server, path: "/user/calendars/work-restored/")
        #expect(try await beside.contents() == first)
        #expect(try await beside.property("displayname", namespace: "DAV:") == "Work (restored)")
        let again = try await exchange("PROPFIND", server.url + "/user/calendars/work-restored-2/")
        #expect(again.status == 404)
        try await Verifier.expectSound(store, passphrase: nil)
        await server.stop()
    }

    /// Exports are read by a program of others.
    private func exports(_ fasti: FastiProgram, _ store: String, in work: TemporaryFolder) async throws {
        let file = work.appending("work.ics")
        try await fasti(["at", store, "export", "--output", file, "latest:/calendars/work"])
        let cards = try await fasti(["at", store, "export", "latest", "--kind", "contact"])
        #expect(cards.standardOutput == card("2"))
        try await fasti(["at", store, "export", "latest"], expecting: 64)
        try await fasti(["at", store, "export", "--output", file, "latest:/calendars/work"], expecting: 1)
        guard let python = PeerEnvironment.python else { return }
        let script = """
            import icalendar, sys
            c = icalendar.Calendar.from_ical(open(sys.argv[1], "rb").read())
            zones = {str(z["TZID"]) for z in c.walk("VTIMEZONE")}
            used = {str(e["DTSTART"].params["TZID"]) for e in c.walk("VEVENT") if "TZID" in e["DTSTART"].params}
            print(sorted(str(e["UID"]) for e in c.walk("VEVENT")), used <= zones, str(c["X-WR-CALNAME"]),
                [str(e["DTSTART"].dt.utcoffset()) for e in c.walk("VEVENT") if str(e["UID"]) == "d"])
            """
        let read = try await run(python, ["-c", script, file])
        #expect(read.text == "['d', 'team'] True Work ['1:00:00']\n", "\(read.text) \(read.standardError)")
    }

    /// What a server refuses is named, counted and kept aside; the rest is restored; the status says so.
    @Test func point28_rejectsAreKeptAside() async throws {
        let work = try TemporaryFolder()
        let server = try #require(try await PeerServer.start(.fasti, in: work.appending("server")))
        let flat = work.appending("flat")
        try FileManager.default.createDirectory(atPath: flat, withIntermediateDirectories: true)
        let sound = event("1", "DTSTART:20260303T110000Z")
        try Data(sound).write(to: URL(filePath: flat).appending(path: "good.ics"))
        let message = String(decoding: sound, as: UTF8.self).replacingOccurrences(
            of: "PRODID:x", with: "PRODID:x\r\nMETHOD:REQUEST")
        try Data(message.utf8).write(to: URL(filePath: flat).appending(path: "message.ics"))
        let fasti = try FastiProgram()
        let store = work.appending("store")
        try await fasti("at \(store) create -plaintext")
        try await fasti(["at", store, "backup", flat])
        let rejects = work.appending("rejects")
        let result = try await fasti(
            [
                "at", store, "restore", "--to", "caldav+http://127.0.0.1:\(server.port)", "-o", "collection=kept",
                "--rejects", rejects,
            ], expecting: 3)
        #expect(result.text.contains("\"kept\" -> /user/calendars/kept/ (new): 1 added, 1 failed"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: rejects) == ["message.ics"])
        #expect(try Data(contentsOf: URL(filePath: rejects).appending(path: "message.ics")) == Data(message.utf8))
        await server.stop()
    }

    private func json(_ result: ProgramResult) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(result.standardOutput)) as? [String: Any])
    }
}
