import Foundation
import PeerPrograms
import SeededNumbers
import Testing
import XMLStream

/// Requests that no honest client sends: the server answers each, or closes the connection, goes on, and keeps what it has.
@Suite struct HostileRequestTests {
    private static let kept = "/user/calendars/kept/"
    private static let play = "/user/calendars/play/"

    private static func event(_ uid: String, _ lines: String = "") -> String {
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:\(uid)\r\nDTSTAMP:20260101T000000Z\r\n"
            + "DTSTART:20260101T090000Z\r\n\(lines)END:VEVENT\r\nEND:VCALENDAR\r\n"
    }

    /// A server with a calendar that nobody may change, and one to play with.
    private func start(in folder: TemporaryFolder) async throws -> PeerServer {
        let server = try #require(try await PeerServer.start(.fasti, in: folder.path))
        for path in [Self.kept, Self.play] {
            #expect(try await exchange("MKCALENDAR", server.url + path).status == 201)
            for number in 0..<3 {
                let body = Self.event("\(number)", "RRULE:FREQ=DAILY\r\n")
                let url = server.url + path + "\(number).ics"
                #expect(try await exchange("PUT", url, body: Array(body.utf8)).status == 201)
            }
        }
        return server
    }

    /// Everything about the calendar that nobody may change.
    private func state(_ server: PeerServer) async throws -> String {
        let body = "<propfind xmlns='DAV:'><prop><getetag/><sync-token/><displayname/></prop></propfind>"
        let answer = try await exchange(
            "PROPFIND", server.url + Self.kept, headers: ["Depth": "1"], body: Array(body.utf8))
        #expect(answer.status == 207)
        let content = try await exchange("GET", server.url + Self.kept)
        return answer.text + content.text
    }

    private func ask(_ server: PeerServer, _ bytes: [UInt8], toHead: Bool = false) throws -> RawAnswer? {
        let connection = try RawConnection(port: server.port)
        connection.send(bytes)
        connection.endSending()
        let answer = connection.receiveAll()
        #expect(answer != nil, "no answer within 20 s to \(String(decoding: bytes.prefix(300), as: UTF8.self))")
        return RawAnswer(answer ?? [], toHead: toHead)
    }

    /// Bytes on the wire, and the statuses that are right; an empty list where the connection may just end.
    private static let wires: [(what: String, bytes: String, statuses: [Int])] = [
        ("a dot segment", "GET /user/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]),
        ("an encoded one", "GET /user/%2e%2e/%2E%2E/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]),
        ("an encoded slash", "GET /user/calendars%2Fkept/ HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]),
        ("a backslash", "GET /user/calendars/..\\..\\x HTTP/1.1\r\nHost: localhost\r\n\r\n", [400, 403, 404]),
        ("NUL", "GET /user/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]),
        ("a line end", "GET /user/%0d%0aX:%20y HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]),
        ("half an encoding", "GET /user/%4 HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]),
        ("no encoding", "GET /user/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]),
        ("no UTF-8", "GET /user/%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]),
        ("overlong UTF-8", "GET /user/%c0%ae%c0%ae/ HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]),
        ("half a pair", "GET /user/%ed%a0%80 HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]),
        ("doubled slashes", "GET //user///calendars//kept//0.ics HTTP/1.1\r\nHost: localhost\r\n\r\n", [200]),
        (
            "an absolute target", "GET http://localhost/user/calendars/kept/0.ics HTTP/1.1\r\nHost: localhost\r\n\r\n",
            [200]
        ),
        ("a fragment", "DELETE /user/calendars/kept/0.ics#x HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]),
        ("an asterisk", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", [200]),
        ("no slash", "GET user HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]),
        ("no host", "GET / HTTP/1.1\r\n\r\n", [400, 421]),
        ("another host", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", [421]),
        ("TRACE", "TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", [405]),
        ("CONNECT", "CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n", [400, 405, 421]),
        ("PATCH", "PATCH /user/calendars/kept/0.ics HTTP/1.1\r\nHost: localhost\r\n\r\n", [405]),
        ("a method of others", "SEARCH / HTTP/1.1\r\nHost: localhost\r\n\r\n", [501]),
        ("no method", "FROBNICATE / HTTP/1.1\r\nHost: localhost\r\n\r\n", [400, 501]),
        ("no HTTP", "hello\r\n\r\n", []),
        ("TLS", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}", []),
        ("HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []),
        (
            "two lengths",
            "PUT /user/calendars/play/x.ics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            [400]
        ),
        (
            "a negative length",
            "PUT /user/calendars/play/x.ics HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", [400]
        ),
        (
            "a giant length",
            "PUT /user/calendars/play/x.ics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n", [413]
        ),
        (
            "a length beyond all",
            "PUT /user/calendars/play/x.ics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            [400, 413]
        ),
        (
            "length and chunks",
            "PUT /user/calendars/play/x.ics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            [400]
        ),
        (
            "broken chunks",
            "PUT /user/calendars/play/x.ics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", []
        ),
        (
            "half a body",
            "PUT /user/calendars/play/x.ics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nBEGIN", []
        ),
        ("a header without colon", "GET / HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n", [400]),
        ("a header of nothing", "GET / HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n", [400]),
        ("a folded header", "PROPFIND / HTTP/1.1\r\nHost: localhost\r\nDepth: 0\r\n 1\r\n\r\n", []),
        (
            "a name of 4 KiB", "GET /user/\(String(repeating: "x", count: 4_090)) HTTP/1.1\r\nHost: localhost\r\n\r\n",
            [403, 414]
        ),
        (
            "a path of 60 KiB", "GET /\(String(repeating: "x/", count: 30_000)) HTTP/1.1\r\nHost: localhost\r\n\r\n",
            [414]
        ),
        (
            "a header of 200 KiB",
            "GET / HTTP/1.1\r\nHost: localhost\r\nIf: \(String(repeating: "(<x>)", count: 40_000))\r\n\r\n",
            [400, 413, 431]
        ),
        (
            "an If header of 60 KiB",
            "PUT /user/calendars/kept/0.ics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nIf: \(String(repeating: "(<x>)", count: 12_000))\r\n\r\n",
            [400]
        ),
        (
            "an If header in pieces",
            "DELETE /user/calendars/kept/0.ics HTTP/1.1\r\nHost: localhost\r\nIf: (<x> [\"\r\n\r\n", [400]
        ),
        (
            "an If header that denies",
            "DELETE /user/calendars/kept/0.ics HTTP/1.1\r\nHost: localhost\r\nIf: (Not [\"x\"] <urn:y>)\r\n\r\n", [412]
        ),
        (
            "tags without end",
            "DELETE /user/calendars/kept/0.ics HTTP/1.1\r\nHost: localhost\r\nIf-Match: \"x\r\n\r\n", [400]
        ),
        ("a Depth of two", "PROPFIND /user/ HTTP/1.1\r\nHost: localhost\r\nDepth: 2\r\n\r\n", [400]),
        ("a Depth of noroot", "PROPFIND /user/ HTTP/1.1\r\nHost: localhost\r\nDepth: 1,noroot\r\n\r\n", [207, 400]),
        (
            "Overwrite: maybe",
            "MOVE /user/calendars/kept/0.ics HTTP/1.1\r\nHost: localhost\r\nDestination: /user/calendars/play/y.ics\r\nOverwrite: maybe\r\n\r\n",
            [400]
        ),
        ("no destination", "MOVE /user/calendars/kept/0.ics HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]),
        (
            "a destination above",
            "MOVE /user/calendars/kept/0.ics HTTP/1.1\r\nHost: localhost\r\nDestination: /../x.ics\r\n\r\n", [400]
        ),
        (
            "a destination of others",
            "MOVE /user/calendars/kept/0.ics HTTP/1.1\r\nHost: localhost\r\nDestination: ftp://localhost/x.ics\r\n\r\n",
            [400, 403, 502]
        ),
        ("a range", "GET /user/calendars/kept/0.ics HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-3\r\n\r\n", [200]),
        (
            "a range of nonsense",
            "GET /user/calendars/kept/0.ics HTTP/1.1\r\nHost: localhost\r\nRange: bytes=9-1,x\r\n\r\n", [200]
        ),
        ("an expectation of nobody", "GET / HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\n\r\n", [200, 417]),
        ("git's own files", "GET /user/calendars/kept/.git/config HTTP/1.1\r\nHost: localhost\r\n\r\n", [403, 404]),
        ("the settings", "GET /user/calendars/kept/.xandikos HTTP/1.1\r\nHost: localhost\r\n\r\n", [403, 404]),
        (
            "git's files written",
            "PUT /user/calendars/kept/.git/config HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx",
            [403, 409]
        ),
        ("a query of nonsense", "GET /user/calendars/kept/0.ics?%zz&=&& HTTP/1.1\r\nHost: localhost\r\n\r\n", [200]),
    ]

    @Test func hostileBytesAreAnsweredRightly() async throws {
        let folder = try TemporaryFolder()
        let server = try await start(in: folder)
        let before = try await state(server)
        for wire in Self.wires {
            let answer = try ask(server, Array(wire.bytes.utf8))
            if wire.statuses.isEmpty {
                #expect(
                    answer.map { (400..<500).contains($0.status) || $0.status == 505 || $0.status == 207 } ?? true,
                    "\(wire.what): \(answer?.status ?? 0)")
            } else {
                #expect(wire.statuses.contains(answer?.status ?? 0), "\(wire.what): \(answer?.status ?? 0)")
            }
            if let answer, [405, 501].contains(answer.status) {
                #expect(answer.headers["allow"]?.contains("OPTIONS") == true, "\(wire.what)")
            }
        }
        #expect(try await state(server) == before)
        #expect(await server.stop() == 0)
        #expect(!server.process.output.contains("failed:"), "\(server.process.output)")
    }

    /// HEAD says what GET says, and a part of something is not half of it.
    @Test func readingIsConsistent() async throws {
        let folder = try TemporaryFolder()
        let server = try await start(in: folder)
        for path in [Self.kept + "0.ics", Self.kept, "/user/", "/"] {
            let get = try await exchange("GET", server.url + path, headers: ["Range": "bytes=0-3"])
            let head = try await exchange("HEAD", server.url + path)
            #expect(get.status == 200 && head.status == 200)
            for field in ["ETag", "Last-Modified", "Content-Type", "Content-Length", "Vary"]
            where path != "/" || field != "Content-Length" {
                #expect(get.header(field) == head.header(field), "\(field) of \(path)")
            }
            #expect(get.body.count > 10)
        }
        await server.stop()
    }

    // MARK: Chance

    /// Some seconds of requests that chance has put together from what real ones consist of.
    @Test(arguments: [1, 2, 3, 4])
    func chanceBreaksNothing(seed: UInt64) async throws {
        let folder = try TemporaryFolder()
        let server = try await start(in: folder)
        let before = try await state(server)
        var generator = SeededGenerator(seed: seed)
        var seen: [Int: Int] = [:]
        for number in 0..<400 {
            let request = RandomRequest(&generator, play: Self.play)
            let answer = try ask(server, request.bytes, toHead: request.isHead)
            guard let answer else {
                seen[0, default: 0] += 1
                continue
            }
            seen[answer.status, default: 0] += 1
            let text = "seed \(seed), request \(number): \(request.text) -> \(answer.status)"
            #expect(![500, 503].contains(answer.status) && (200..<600).contains(answer.status), "\(text)")
            if answer.headers["content-type"]?.hasPrefix("application/xml") == true, !answer.body.isEmpty {
                #expect(throws: Never.self, "\(text)") { try XMLElement(parsing: answer.body, limits: .response) }
            }
            #expect(answer.status < 400 || answer.body.count > 20 || request.isHead, "a sentence: \(text)")
        }
        // Chance must get past the door to prove anything.
        #expect(seen.keys.contains(207) && seen.keys.contains(400) && seen.keys.count > 6, "\(seen)")
        #expect(try await state(server) == before, "what nobody addressed has changed")
        #expect(server.process.isRunning)
        #expect(await server.stop() == 0)
        #expect(!server.process.output.contains("failed:"), "\(server.process.output)")
        for name in ["kept", "play"]
        where FileManager.default.fileExists(atPath: folder.appending("user/calendars/\(name)")) {
            let check = try await run(
                "/usr/bin/git", ["-C", folder.appending("user/calendars/\(name)"), "fsck", "--strict"])
            #expect(check.status == 0, "\(check.standardError)")
        }
    }
}
