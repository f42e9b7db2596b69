import Foundation
import PeerPrograms
import Testing

/// Real clients against the real server.
@Suite struct ClientTests {
    @Test func pythonCaldavWorks() async throws {
        guard let python = PeerEnvironment.python else {
            print("python-caldav is not installed here: run make test")
            return
        }
        let folder = try TemporaryFolder()
        let server = try #require(try await PeerServer.start(.fasti, in: folder.path))
        let script = PeerEnvironment.packageRoot.appending(path: "Tests/Peers/caldav_client.py").path
        let result = try await run(python, [script, server.url + "/"])
        #expect(result.status == 0, "\(result.text) \(result.standardError.suffix(3000))")
        #expect(result.text.contains("is content"))
        await server.stop()
    }

    /// vdirsyncer keeps a folder and the server alike: both ways, with a deletion and a change, and colours.
    @Test func vdirsyncerWorks() async throws {
        guard let vdirsyncer = PeerEnvironment.pythonProgram("vdirsyncer") else {
            print("vdirsyncer is not installed here: run make test")
            return
        }
        let work = try TemporaryFolder()
        let server = try #require(try await PeerServer.start(.fasti, in: work.appending("dav")))
        let calendar = RemoteCollection(server: server, path: "/user/calendars/calendar/")
        let events = Corpus.seededEvents(40)
        #expect(try await calendar.put(events).values.allSatisfy { $0 == 201 })
        let configuration = """
            [general]
            status_path = "\(work.appending("status"))"
            [pair calendars]
            a = "here"
            b = "there"
            collections = ["from b"]
            metadata = ["displayname", "color"]
            conflict_resolution = "b wins"
            [storage here]
            type = "filesystem"
            path = "\(work.appending("here"))"
            fileext = ".ics"
            [storage there]
            type = "caldav"
            url = "\(server.url)/"
            username = "user"
            password = "pass"
            """
        try configuration.write(toFile: work.appending("config"), atomically: true, encoding: .utf8)
        func sync(_ words: String...) async throws {
            let result = try await run(
                vdirsyncer, ["-c", work.appending("config")] + words,
                input: Array(repeating: "y\n", count: 9).joined().utf8.map { $0 })
            try #require(result.status == 0, "vdirsyncer \(words): \(result.text) \(result.standardError.suffix(3000))")
        }
        try await sync("discover")
        try await sync("sync")
        let local = work.appending("here/calendar")
        #expect(try FileManager.default.contentsOfDirectory(atPath: local).count { $0.hasSuffix(".ics") } == 40)

        // One new and one deleted here, one deleted there.
        let file = try #require(
            FileManager.default.contentsOfDirectory(atPath: local).sorted().first { $0.hasSuffix(".ics") })
        try FileManager.default.removeItem(atPath: "\(local)/\(file)")
        let new =
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:new-1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T090000Z\r\nSUMMARY:New\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        try new.write(toFile: "\(local)/new-1.ics", atomically: true, encoding: .utf8)
        let names = try await calendar.names()
        let victim = try #require(names.sorted().last)
        _ = try await calendar.delete([victim])
        try await sync("sync")
        let after = try await calendar.names()
        #expect(after.count == 39)
        #expect(after.contains("new-1.ics"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: local).count { $0.hasSuffix(".ics") } == 39)

        try "#112233".write(toFile: "\(local)/color", atomically: true, encoding: .utf8)
        try await sync("metasync")
        let color = try await calendar.property("calendar-color", namespace: "http://apple.com/ns/ical/")
        #expect(color.lowercased().hasPrefix("#112233"))
        await server.stop()
    }

    /// vdirsyncer between two servers at once: a thousand events, tasks and contacts both ways, names and colours, and
    /// what happens when both sides have changed.
    @Test func vdirsyncerBetweenTwoServers() async throws {
        guard let vdirsyncer = PeerEnvironment.pythonProgram("vdirsyncer") else {
            print("vdirsyncer is not installed here: run make test")
            return
        }
        let work = try TemporaryFolder()
        let one = try #require(try await PeerServer.start(.fasti, in: work.appending("one")))
        let two = try #require(try await PeerServer.start(.fasti, in: work.appending("two")))
        let calendars = [one, two].map { RemoteCollection(server: $0, path: "/user/calendars/calendar/") }
        let books = [one, two].map { RemoteCollection(server: $0, path: "/user/contacts/addressbook/") }
        #expect(try await calendars[0].put(Corpus.seededEvents(1_000)).values.allSatisfy { $0 == 201 })
        func todo(_ uid: String, _ summary: String) -> [UInt8] {
            let lines = [
                "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VTODO", "UID:\(uid)", "DTSTAMP:20260101T000000Z",
                "SUMMARY:\(summary)", "END:VTODO", "END:VCALENDAR", "",
            ]
            return Array(lines.joined(separator: "\r\n").utf8)
        }
        func card(_ uid: String) -> [UInt8] {
            Array("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:\(uid)\r\nFN:\(uid)\r\nN:\(uid);;;;\r\nEND:VCARD\r\n".utf8)
        }
        #expect(try await calendars[1].put(["task.ics": todo("task", "Two's task")]).values.allSatisfy { $0 == 201 })
        #expect(try await books[0].put(["a.vcf": card("a")]).values.allSatisfy { $0 == 201 })
        #expect(try await books[1].put(["b.vcf": card("b")]).values.allSatisfy { $0 == 201 })
        func storage(_ name: String, _ type: String, _ server: PeerServer) -> String {
            "[storage \(name)]\ntype = \"\(type)\"\nurl = \"\(server.url)/\"\nusername = \"user\"\npassword = \"pass\"\n"
        }
        func configure(_ resolution: String) throws {
            let pairs = ["cal", "card"].map { kind in
                """
                [pair \(kind)]
                a = "\(kind)_one"
                b = "\(kind)_two"
                collections = ["from a", "from b"]
                metadata = [\(kind == "cal" ? "\"displayname\", \"color\"" : "\"displayname\"")]
                \(resolution)

                """
            }
            let storages = ["cal", "card"].flatMap { kind in
                [storage("\(kind)_one", kind + "dav", one), storage("\(kind)_two", kind + "dav", two)]
            }
            let text = "[general]\nstatus_path = \"\(work.appending("status"))\"\n" + (pairs + storages).joined()
            try text.write(toFile: work.appending("config"), atomically: true, encoding: .utf8)
        }
        func sync(_ words: String...) async throws -> ProgramResult {
            try await run(
                vdirsyncer, ["-c", work.appending("config")] + words,
                input: Array(String(repeating: "y\n", count: 9).utf8))
        }
        try configure("")
        for word in ["discover", "sync"] {
            let result = try await sync(word)
            try #require(
                result.status == 0, "\(word): \(result.text.suffix(2000)) \(result.standardError.suffix(3000))")
        }
        for calendar in calendars { #expect(try await calendar.names().count == 1_001) }
        for book in books { #expect(try await book.names().count == 2) }

        // Both have the same name; then one gets another, and a colour, and they go over.
        let before = try await sync("metasync")
        #expect(before.status == 0, "\(before.standardError.suffix(2000))")
        let look =
            "<D:propertyupdate xmlns:D=\"DAV:\" xmlns:A=\"http://apple.com/ns/ical/\"><D:set><D:prop>"
            + "<D:displayname>Praxis &amp; Büro 100%</D:displayname><A:calendar-color>#11AA22</A:calendar-color>"
            + "</D:prop></D:set></D:propertyupdate>"
        let patched = try await exchange(
            "PROPPATCH", one.url + calendars[0].path, headers: ["Content-Type": "application/xml"],
            body: Array(look.utf8))
        #expect(patched.status == 207)
        let meta = try await sync("metasync")
        #expect(meta.status == 0, "\(meta.standardError.suffix(2000))")
        #expect(try await calendars[1].property("displayname", namespace: "DAV:") == "Praxis &amp; Büro 100%")
        #expect(
            try await calendars[1].property("calendar-color", namespace: "http://apple.com/ns/ical/")
                .uppercased().hasPrefix("#11AA22"))

        // The same task is changed on both sides: nobody loses anything until somebody has decided.
        let name = try #require(try await calendars[0].names().first { $0.contains("task") })
        _ = try await calendars[0].put([name: todo("task", "Here")])
        _ = try await calendars[1].put(["task.ics": todo("task", "There")])
        let conflict = try await sync("sync", "cal")
        #expect(conflict.status != 0 && conflict.standardError.lowercased().contains("conflict"))
        func summary(_ calendar: RemoteCollection, _ name: String) async throws -> String {
            try await exchange("GET", calendar.server.url + calendar.path + name).text
        }
        #expect(try await summary(calendars[0], name).contains("SUMMARY:Here"))
        #expect(try await summary(calendars[1], "task.ics").contains("SUMMARY:There"))
        try configure("conflict_resolution = \"b wins\"")
        let decided = try await sync("sync", "cal")
        #expect(decided.status == 0, "\(decided.standardError.suffix(2000))")
        #expect(try await summary(calendars[0], name).contains("SUMMARY:There"))
        await one.stop()
        await two.stop()
    }
}
