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
