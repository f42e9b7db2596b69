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
}
