import ConnectorKit
import DAVClient
import DAVConnector
import Foundation
import PeerPrograms
import Testing

/// A mail address is enough where its domain says where its calendars are (RFC 6764).
@Suite(.serialized) struct MailAddressTests {
    private static let options = ["username": "anna@example.test", "password": "s3cret", "insecure": "true"]

    @Test func point01_aMailAddressFindsTheServer() async throws {
        guard let python = PeerEnvironment.python else { return }
        let server = MemoryServer()
        server.addCalendar("work", ["e.ics": event("e")])
        let web = try FaultProxy(answering: { server.answer($0) })
        web.begin()
        let folder = try TemporaryFolder()
        // The second domain's answer is too long for UDP; the third sends its people to a host of somebody else; the
        // fourth has nothing.
        let long = (0..<12).map { "\"filler-\($0)-\(String(repeating: "x", count: 30))\"" }.joined(separator: " ")
        try """
        _caldav._tcp.example.test. 60 IN SRV 20 1 9 nowhere.example.test.
        _caldav._tcp.example.test. 60 IN SRV 10 1 \(web.port) localhost.
        _caldav._tcp.example.test. 60 IN TXT "path=/p/"
        _caldav._tcp.long.test. 60 IN SRV 10 1 \(web.port) localhost.
        _caldav._tcp.long.test. 60 IN TXT \(long) "path=/cal/work/"
        _caldavs._tcp.elsewhere.test. 60 IN SRV 0 1 443 calendars.example.net.
        """.write(toFile: folder.appending("zone"), atomically: true, encoding: .utf8)
        let port = try PeerServer.freePort()
        let script = PeerEnvironment.packageRoot.appending(path: "Tests/Peers/dns_server.py").path
        let process = try PeerProcess(python, [script, "\(port)", folder.appending("zone")])
        while process.isRunning, !process.output.contains("ready") { try await Task.sleep(for: .milliseconds(20)) }
        guard process.isRunning else {
            print("dnslib is not installed here: run make test")
            #expect(process.output.contains("ModuleNotFoundError"), "\(process.output)")
            return
        }
        let resolver = ["resolver": "127.0.0.1:\(port)", "trusted_hosts": "localhost"]
        for (domain, path) in [("example.test", "/p/"), ("long.test", "/cal/work/")] {
            let given = try settings(
                "caldav://anna@\(domain)", Self.options.merging(resolver) { $1 }, .source)
            let found = try await given.resolved()
            #expect(found.base.description == "http://localhost:\(web.port)\(path)")
            #expect(found.identity == given.identity, "what DNS says today changes no parent")
            let importer = try DAVImporter(found, transport: HTTPTransport())
            #expect(try await backUp(importer).objects.count == 1)
            await importer.close()
        }
        #expect(
            try await settings("caldav://anna@nothing.test", Self.options.merging(resolver) { $1 }, .source)
                .resolved().base.description == "https://nothing.test/")
        let stranger = try settings("caldav://anna@elsewhere.test", Self.options.merging(resolver) { $1 }, .source)
        let error = try await #require(throws: ConnectorError.self) { try await stranger.resolved() }
        #expect("\(error)".contains("trusted_hosts=calendars.example.net"))
        web.stop()
        await process.stop()
    }

    @Test func point01_theAddressIsTheUserName() throws {
        let found = try settings("dav://Anna@Example.org", ["password": "x"], .source)
        #expect(found.username == "Anna@Example.org" && found.mailDomain == "example.org")
        #expect(found.identity.origin == "Anna%40Example.org@example.org")
        for wrong in ["caldav://anna:pw@h.org", "caldav://anna@h.org/dav", "caldav://@h.org", "caldav://a@b@c.org"] {
            #expect(throws: ConnectorError.self) { try settings(wrong, ["password": "x"], .source) }
        }
    }
}
