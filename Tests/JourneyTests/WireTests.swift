import Foundation
import PeerPrograms
import Testing

/// HTTP as it stands on the wire.
@Suite struct WireTests {
    @Test func waitingAndChunkedClientsAreServed() async throws {
        let folder = try TemporaryFolder()
        let server = try #require(try await PeerServer.start(.fasti, in: folder.path))
        let event = Transcript.event("a", "One")
        let path = "/user/calendars/calendar/a.ics"
        let connection = try RawConnection(port: server.port)
        // In chunks, one of them with an extension, after the server has said to go on; then two more on the same connection.
        connection.send(
            Array(
                "PUT \(path) HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
                    .utf8))
        let permission = String(decoding: try #require(connection.receiveSome()), as: UTF8.self)
        #expect(permission == "HTTP/1.1 100 Continue\r\n\r\n")
        let (head, rest) = (event.prefix(20), event.dropFirst(20))
        for part in [head, rest] {
            connection.send(Array("\(String(part.utf8.count, radix: 16));x=y\r\n\(part)\r\n".utf8))
        }
        connection.send(Array("0\r\nX-Trailer: t\r\n\r\n".utf8))
        connection.send(Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
        connection.send(Array("DELETE \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8))
        let text = String(decoding: try #require(connection.receiveAll()), as: UTF8.self)
        let statuses = text.matches(of: /HTTP\/1\.1 (\d+)/).map { String($0.1) }
        #expect(statuses == ["201", "200", "204"], "\(text)")
        #expect(text.contains(event))
        await server.stop()
    }

    /// Small changes go a shorter way than everything else; nobody can tell by the order of the answers.
    @Test func manyRequestsAtOnceAreAnsweredInTheirOrder() async throws {
        let folder = try TemporaryFolder()
        let server = try #require(try await PeerServer.start(.fasti, in: folder.path))
        let home = "/user/calendars/calendar/"
        func put(_ name: String, _ body: String, _ fields: String = "") -> String {
            "PUT \(home)\(name) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
        }
        let (one, two) = (Transcript.event("a", "One"), Transcript.event("b", "Two"))
        // Larger than what goes the short way.
        let large = Transcript.event("c", String(repeating: "long ", count: 20_000))
        let requests = [
            put("a.ics", one, "If-None-Match: *\r\n"), put("a.ics", one, "If-None-Match: *\r\n"),
            "GET \(home)a.ics HTTP/1.1\r\nHost: localhost\r\n\r\n", put("b.ics", two), put("c.ics", large),
            put("d.ics", "nothing that anybody could read"), put("e.ics", ""),
            put("a.ics", Transcript.event("a", "Again")),
            "OPTIONS \(home) HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "DELETE \(home)b.ics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        ]
        let connection = try RawConnection(port: server.port)
        connection.send(Array(requests.joined().utf8))
        let text = String(decoding: try #require(connection.receiveAll()), as: UTF8.self)
        let statuses = text.matches(of: /HTTP\/1\.1 (\d+)/).map { String($0.1) }
        #expect(statuses == ["201", "412", "200", "201", "201", "403", "403", "204", "200", "204"], "\(text)")
        #expect(text.contains(one))
        await server.stop()
    }

    /// Who says "that was all" still gets the answer to a whole request; half of one changes nothing.
    @Test func whoStopsSendingGetsTheAnswer() async throws {
        let folder = try TemporaryFolder()
        let server = try #require(try await PeerServer.start(.fasti, in: folder.path))
        let event = Transcript.event("a", "One")
        func head(_ name: String) -> String {
            "PUT /user/calendars/calendar/\(name) HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Length: \(event.utf8.count)\r\n\r\n"
        }
        let whole = try RawConnection(port: server.port)
        whole.send(Array((head("a.ics") + event).utf8))
        whole.endSending()
        #expect(RawAnswer(try #require(whole.receiveAll()))?.status == 201)
        let half = try RawConnection(port: server.port)
        half.send(Array((head("b.ics") + event.prefix(40)).utf8))
        half.endSending()
        let answer = try #require(half.receiveAll(), "the connection is let go")
        #expect(RawAnswer(answer).map { $0.status >= 400 } ?? true)
        #expect(try await exchange("GET", server.url + "/user/calendars/calendar/a.ics").status == 200)
        #expect(try await exchange("GET", server.url + "/user/calendars/calendar/b.ics").status == 404)
        await server.stop()
    }

    /// What Xandikos does with mail and push is not done, which is said; the calendars are served.
    @Test func whatIsNotDoneIsSaidAtTheStart() async throws {
        let folder = try TemporaryFolder()
        let server = try #require(
            try await PeerServer.start(
                .fasti, in: folder.path,
                arguments: [
                    "--imip-send", "smtp", "--smtp-host", "localhost", "--smtp-port", "25", "--smtp-from",
                    "a@example.org",
                    "--smtp-encryption", "none", "--imip-listen", "127.0.0.1:2525", "--milter-listen", "/x",
                    "--webdav-push",
                    "--avahi", "--dump-dav-xml", "--eager", "--index-threshold", "5",
                ]))
        let body = "<propfind xmlns='DAV:'><prop><displayname/></prop></propfind>"
        let answer = try await exchange(
            "PROPFIND", server.url + "/user/", headers: ["Depth": "0"], body: Array(body.utf8))
        #expect(answer.status == 207)
        #expect(await server.stop() == 0)
        for option in ["--imip-send smtp", "--imip-listen", "--webdav-push", "--avahi"] {
            #expect(server.process.output.contains("warning: \(option)"), "\(option): \(server.process.output)")
        }
        #expect(server.process.output.contains(body), "--dump-dav-xml shows what is asked")
        #expect(server.process.output.contains("<D:displayname>user</D:displayname>"), "and what is answered")
    }

    @Test func theSocketBelongsToItsGroup() async throws {
        let fasti = try FastiProgram()
        let work = try TemporaryFolder("fs")
        let socket = work.appending("sock")
        // A group that this user is in: without rights of its own a program can choose no other.
        let group = getgid()
        let process = try PeerProcess(
            fasti.executable,
            [
                "serve", "--defaults", "-d", work.appending("dav"), "-l", socket, "--socket-mode", "660",
                "--socket-group",
                String(group),
            ], environment: fasti.environment)
        let deadline = ContinuousClock.now + .seconds(60)
        while !process.output.contains("Ctrl-C"), process.isRunning, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: socket)
        #expect((attributes[.groupOwnerAccountID] as? NSNumber)?.uint32Value == group)
        #expect((attributes[.posixPermissions] as? Int) == 0o660)
        #expect(await process.stop() == 0)
        let nobody = try await run(
            fasti.executable, ["serve", "-d", work.path, "--socket-group", "no such group"],
            environment: fasti.environment)
        #expect(nobody.status == 64 && nobody.standardError.contains("no such group"))
        let pattern = try await run(
            fasti.executable, ["serve", "-d", work.path, "--current-user-principal", "/%(REMOTE_USER)s/"],
            environment: fasti.environment)
        #expect(pattern.status == 64 && pattern.standardError.contains("--trust-x-remote-user-from"))
    }
}
