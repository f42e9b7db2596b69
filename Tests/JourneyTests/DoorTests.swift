import Foundation
import PeerPrograms
import Testing

/// Bad input at every door: the right status, a sentence that says what is wrong, and nothing changed.
@Suite struct DoorTests {
    struct BadRequest: Sendable, CustomTestStringConvertible {
        var method: String
        var path: String
        var headers: [String: String] = [:]
        var body: String?
        var status: [Int]
        /// What the answer must contain: the name of the condition, or a word of the sentence.
        var says: String
        var testDescription: String { "\(method) \(path.prefix(60)) \(says)" }
    }

    static let xml = ["Content-Type": "application/xml; charset=utf-8"]
    static let home = "/user/calendars/calendar/"
    static let event = """
        BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:kept\r\nDTSTAMP:20260101T000000Z\r\n\
        DTSTART:20260101T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n
        """

    static let badRequests: [BadRequest] = [
        BadRequest(
            method: "PUT", path: home + "x.ics", body: "no calendar at all", status: [403, 415], says: "calendar"),
        BadRequest(
            method: "PUT", path: home + "x.ics",
            body: event.replacing("VERSION:2.0", with: "VERSION:2.0\r\nMETHOD:REQUEST"),
            status: [403], says: "valid-calendar-object-resource"),
        BadRequest(method: "PUT", path: home + "other.ics", body: event, status: [403, 409], says: "no-uid-conflict"),
        BadRequest(
            method: "PUT", path: "/user/contacts/addressbook/x.vcf", body: event, status: [403, 415], says: "address"),
        BadRequest(method: "PUT", path: "/user/calendars/nowhere/x.ics", body: event, status: [409], says: "nowhere"),
        BadRequest(
            method: "PUT", path: home + "kept.ics", headers: ["If-None-Match": "*"], body: event, status: [412],
            says: ""),
        BadRequest(
            method: "PUT", path: home + "kept.ics", headers: ["If-Match": "\"0000\""], body: event + " ", status: [412],
            says: ""),
        BadRequest(method: "PUT", path: home + "..%2f..%2fx.ics", body: event, status: [400, 403], says: "name"),
        BadRequest(
            method: "PUT", path: home + ".git/hooks/post-commit", body: event, status: [400, 403, 409], says: ""),
        BadRequest(method: "PUT", path: home + "%00.ics", body: event, status: [400, 403], says: ""),
        BadRequest(method: "GET", path: "/../../../../etc/passwd", status: [400, 403, 404], says: ""),
        BadRequest(
            method: "PUT", path: home + String(repeating: "x", count: 4096) + ".ics", body: event,
            status: [400, 403, 414],
            says: "longer"),
        BadRequest(
            method: "PROPFIND", path: home, headers: xml, body: "<D:propfind xmlns:D=\"DAV:\"><D:prop>", status: [400],
            says: ""),
        BadRequest(
            method: "PROPFIND", path: home, headers: xml,
            body: "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><x>&a;</x>",
            status: [400, 403], says: ""),
        BadRequest(method: "PROPFIND", path: home + "missing.ics", headers: xml, status: [404], says: ""),
        BadRequest(
            method: "REPORT", path: home, headers: xml,
            body:
                "<C:calendar-query xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><C:filter><C:comp-filter name=\"VCALENDAR\"><C:time-range start=\"yesterday\"/></C:comp-filter></C:filter></C:calendar-query>",
            status: [400, 403], says: ""),
        BadRequest(
            method: "REPORT", path: home, headers: xml,
            body:
                "<D:sync-collection xmlns:D=\"DAV:\"><D:sync-token>data:,nonsense</D:sync-token><D:sync-level>1</D:sync-level><D:prop/></D:sync-collection>",
            status: [403], says: "valid-sync-token"),
        BadRequest(
            method: "REPORT", path: home, headers: xml, body: "<x xmlns=\"y\"/>", status: [400, 403, 501], says: ""),
        BadRequest(method: "MKCALENDAR", path: home, status: [403, 405], says: ""),
        BadRequest(method: "MKCALENDAR", path: "/user/calendars/a/b/", status: [409], says: ""),
        BadRequest(method: "DELETE", path: home + "missing.ics", status: [404], says: ""),
        BadRequest(method: "LOCK", path: home, headers: xml, body: "<x/>", status: [400], says: "lockinfo"),
        BadRequest(method: "UNLOCK", path: home, headers: ["Lock-Token": "<x>"], status: [409], says: "lock"),
        BadRequest(
            method: "MOVE", path: home + "kept.ics", headers: ["Destination": "http://elsewhere.example/x.ics"],
            status: [502], says: "server"),
        BadRequest(
            method: "COPY", path: home, headers: ["Destination": home + "inner/"], status: [403], says: "inside"),
        BadRequest(method: "PATCH", path: home + "kept.ics", status: [405], says: "PATCH"),
        BadRequest(
            method: "PROPPATCH", path: home, headers: xml,
            body:
                "<D:propertyupdate xmlns:D=\"DAV:\"><D:set><D:prop><D:displayname>Never</D:displayname><D:getetag>x</D:getetag></D:prop></D:set></D:propertyupdate>",
            status: [207], says: "424"),
        BadRequest(method: "GET", path: "/", headers: ["Host": "evil.example"], status: [421], says: "evil.example"),
    ]

    @Test func badRequestsAreExplainedAndChangeNothing() async throws {
        let folder = try TemporaryFolder()
        let server = try #require(try await PeerServer.start(.fasti, in: folder.path))
        #expect(
            try await exchange("PUT", server.url + Self.home + "kept.ics", body: Array(Self.event.utf8)).status == 201)
        try await settle(folder)
        let before = try await state(of: folder)
        for request in Self.badRequests {
            let answer = try await exchange(
                request.method, server.url + request.path, headers: request.headers,
                body: request.body.map { Array($0.utf8) })
            #expect(
                request.status.contains(answer.status), "\(request.testDescription): \(answer.status) \(answer.text)")
            #expect(
                request.says.isEmpty || answer.text.contains(request.says), "\(request.testDescription): \(answer.text)"
            )
        }
        let huge = Array(Self.event.utf8) + [UInt8](repeating: 0x20, count: 12 << 20)
        let answer = try await exchange("PUT", server.url + Self.home + "huge.ics", body: huge)
        #expect([403, 413].contains(answer.status))
        #expect(try await state(of: folder) == before, "a refused request changed something")
        #expect(try await exchange("GET", server.url + Self.home + "kept.ics").body == Array(Self.event.utf8))
        await server.stop()
    }

    /// Waits until git has what was acknowledged.
    private func settle(_ folder: TemporaryFolder) async throws {
        let calendar = folder.appending("user/calendars/calendar")
        for _ in 0..<300 {
            let tree = try await run("/usr/bin/git", ["-C", calendar, "ls-tree", "HEAD", "kept.ics"])
            let status = try await run("/usr/bin/git", ["-C", calendar, "status", "--porcelain"])
            if !tree.text.isEmpty && status.text.isEmpty { return }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// All commits and all files.
    private func state(of folder: TemporaryFolder) async throws -> String {
        let files = try await run("/usr/bin/find", [folder.path, "-type", "f", "-not", "-path", "*/.git/*"])
        let calendar = folder.appending("user/calendars/calendar")
        let head = try await run("/usr/bin/git", ["-C", calendar, "rev-parse", "HEAD"])
        let status = try await run("/usr/bin/git", ["-C", calendar, "status", "--porcelain"])
        return files.text.split(separator: "\n").sorted().joined(separator: "\n") + head.text + status.text
    }

    @Test func strangersStayOutside() async throws {
        let work = try TemporaryFolder()
        let fasti = try FastiProgram()
        let users = work.appending("users")
        for name in ["anna", "bob"] {
            let result = try await run(
                fasti.executable, ["user", "add", "--users", users, "--stdin", name], environment: fasti.environment,
                input: Array("secret of \(name)\n".utf8))
            #expect(result.status == 0, "\(result.standardError)")
        }
        let server = try #require(
            try await PeerServer.start(.fasti, in: work.appending("dav"), arguments: ["--users", users]))
        let anna = "anna:secret of anna"
        let bob = "bob:secret of bob"

        let stranger = try await exchange("PROPFIND", server.url + "/")
        #expect(stranger.status == 401)
        #expect(stranger.header("WWW-Authenticate")?.hasPrefix("Basic") == true)
        #expect(try await exchange("PROPFIND", server.url + "/", user: "anna:wrong").status == 401)
        #expect(try await exchange("PROPFIND", server.url + "/", user: "nobody:secret of anna").status == 401)
        #expect(try await exchange("GET", server.url + "/.well-known/caldav").status / 100 == 3)

        let path = "/anna/calendars/calendar/kept.ics"
        #expect(try await exchange("PUT", server.url + path, body: Array(Self.event.utf8), user: anna).status == 201)
        #expect(try await exchange("GET", server.url + path, user: anna).status == 200)
        for method in ["GET", "PUT", "DELETE", "PROPFIND"] {
            let answer = try await exchange(
                method, server.url + path, body: method == "PUT" ? Array(Self.event.utf8) : nil, user: bob)
            #expect([403, 404].contains(answer.status), "\(method) of another user's event: \(answer.status)")
        }
        #expect(try await exchange("GET", server.url + path, user: anna).status == 200)
        await server.stop()
        #expect(!server.process.output.contains("secret of"))
    }

    /// A mistake on the command line: its exit status, and what the message must say.
    static let badCommands: [(words: [String], status: Int32, says: String)] = [
        (["backpu"], 64, "backup"),
        (["at"], 64, "location"),
        (["at", "/nowhere/at/all", "ls"], 66, "create"),
        (["at", "{folder}", "ls"], 66, "create"),
        (["at", "{store}", "restore", "-to", "/tmp/x", "0000000000"], 1, "ls"),
        (["at", "{store}", "cat", "latest:/missing"], 1, "/missing"),
        (["at", "{store}", "backup", "@unknown"], 1, "unknown"),
        (["at", "{store}", "backup", "/nowhere/at/all"], 1, "/nowhere/at/all"),
        (["at", "{store}", "create"], 1, "already"),
        (["at", "{store}", "ls", "--no-such-option"], 64, "no-such-option"),
        (["source", "add", "x"], 64, "location"),
        (["source", "add", "x", "gopher://host"], 1, "gopher"),
        (["source", "show", "missing"], 1, "missing"),
        (["serve"], 64, "-d"),
        (["serve", "-d", "{folder}", "--listen-address", "0.0.0.0"], 64, "--users"),
        (["serve", "-d", "/nowhere/at/all"], 1, "/nowhere/at/all"),
        (["serve", "-d", "{folder}", "--port", "70000"], 64, "65535"),
        (["user", "add", "--users", "{folder}/u", "a/b"], 64, "name"),
    ]

    @Test func badCommandsAreExplained() async throws {
        let fasti = try FastiProgram()
        let work = try TemporaryFolder()
        let store = work.appending("store")
        try FileManager.default.createDirectory(atPath: work.appending("folder"), withIntermediateDirectories: true)
        try "x".write(toFile: work.appending("folder/file"), atomically: true, encoding: .utf8)
        try await fasti(["at", store, "create"])
        try await fasti(["at", store, "backup", work.appending("folder")])
        let before = try await run("/usr/bin/find", [store, "-type", "f"])

        for bad in Self.badCommands {
            let words = bad.words.map {
                $0.replacing("{store}", with: store).replacing("{folder}", with: work.appending("folder"))
            }
            let result = try await run(fasti.executable, words, environment: fasti.environment, in: work.path)
            #expect(result.status == bad.status, "\(words): \(result.text) \(result.standardError)")
            #expect(result.standardError.contains(bad.says), "\(words) says: \(result.standardError)")
            #expect(result.standardError.contains("fasti") || result.standardError.contains("Usage"), "\(words)")
        }
        var wrong = fasti.environment
        wrong["FASTI_PASSPHRASE"] = "not the right one"
        let result = try await run(fasti.executable, ["at", store, "ls"], environment: wrong)
        #expect(result.status == 77, "\(result.standardError)")
        #expect(try await run("/usr/bin/find", [store, "-type", "f"]).text == before.text, "nothing was changed")
    }
}
