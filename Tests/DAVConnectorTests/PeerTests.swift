import ConnectorKit
import DAVClient
import DAVConnector
import Foundation
import PeerPrograms
import Testing

/// Backups of real servers, restored to real servers of another make.
@Suite(.serialized) struct PeerTests {
    private static let pairs: [(PeerServer.Kind, PeerServer.Kind)] = [
        (.xandikos, .radicale), (.radicale, .xandikos),
    ]

    @Test(arguments: pairs)
    func everythingMovesFromOneServerToAnother(from: PeerServer.Kind, to: PeerServer.Kind) async throws {
        let folder = try TemporaryFolder()
        guard let source = try await PeerServer.start(from, in: folder.appending("a")),
            let target = try await PeerServer.start(to, in: folder.appending("b"))
        else {
            print("\(from) or \(to) is not installed here: run make test")
            return
        }
        let expected = Self.account()
        let filled = try await Self.fill(expected, to: try await Self.exporter(source))
        #expect(filled.failures.isEmpty)
        let first = try await Self.backUp(source)
        let moved = try await Self.fill(first, to: try await Self.exporter(target))
        #expect(moved.failures.isEmpty)
        let second = try await Self.backUp(target)

        #expect(first.errors.isEmpty && second.errors.isEmpty)
        #expect(first.objects.keys.sorted() == expected.objects.keys.sorted())
        #expect(second.objects.keys.sorted() == first.objects.keys.sorted())
        for (path, bytes) in expected.objects {
            let kind: DAVCollectionKind = path.hasSuffix(".ics") ? .calendar : .addressBook
            for copy in [first, second] {
                // Both programs write events in their own way, and Radicale leaves out what it thinks useless.
                let stored = try #require(copy.objects[path])
                let fidelity = Fidelity(sent: bytes, stored: stored, kind: kind)
                #expect([.identical, .rewritten].contains(fidelity), "\(path): \(fidelity)")
            }
        }
        for copy in [first, second] {
            let sidecar = try #require(copy.text("/calendars/work/.collection.json"))
            #expect(sidecar.contains("\"displayName\" : \"Work & play\""))
            #expect(sidecar.uppercased().contains("#FF8800"))
            #expect(
                copy.text("/addressbooks/people/.collection.json")?.contains("\"displayName\" : \"People\"") == true)
        }
        // Nothing changed: the third backup reads nothing.
        let third = try await Self.backUp(target, previous: second)
        #expect(third.unread.count == second.objects.count)
        #expect(third.objects == second.objects)
        await source.stop()
        await target.stop()
    }

    @Test(arguments: [PeerServer.Kind.xandikos, .radicale])
    func pingTellsWhatIsThere(kind: PeerServer.Kind) async throws {
        let folder = try TemporaryFolder()
        guard let server = try await PeerServer.start(kind, in: folder.path) else { return }
        let exporter = try await Self.exporter(server)
        _ = try await Self.fill(Self.account(), to: exporter)
        let importer = try await Self.importer(server)
        let line = try await importer.ping()
        #expect(line.contains("of user at 127.0.0.1:\(server.port) (20 objects)"))
        await importer.close()
        await server.stop()
    }

    @Test func nobodyListening() async throws {
        let port = try PeerServer.freePort()
        let configuration = ConnectorConfiguration(location: Location("caldav+http://127.0.0.1:\(port)"))
        let importer = try await Self.registry.importer(configuration)
        await #expect(throws: ConnectorError(.unavailable, "")) { try await importer.ping() }
        await importer.close()
    }

    // MARK: Parts

    private static let registry = ConnectorRegistry([DAVIntegration.integration])

    private static func importer(_ server: PeerServer) async throws -> any Importer {
        try await registry.importer(configuration(server))
    }

    private static func exporter(_ server: PeerServer) async throws -> any Exporter {
        try await registry.exporter(configuration(server))
    }

    private static func configuration(_ server: PeerServer) -> ConnectorConfiguration {
        ConnectorConfiguration(
            location: Location("dav+http://127.0.0.1:\(server.port)/"),
            options: ["username": server.userName, "password": server.password])
    }

    private static func fill(_ snapshot: Snapshot, to exporter: any Exporter) async throws -> RestoreResult {
        let result = try await DAVConnectorTests.restore(snapshot, to: exporter)
        await exporter.close()
        return result
    }

    /// Without the empty collections that a server makes by itself.
    private static func backUp(_ server: PeerServer, previous: Snapshot? = nil) async throws -> Snapshot {
        let importer = try await importer(server)
        var snapshot = try await DAVConnectorTests.backUp(importer, previous: previous)
        await importer.close()
        for path in snapshot.files.keys
        where path.isWithin("/calendars/calendar") || path.isWithin("/addressbooks/addressbook") {
            snapshot.files[path] = nil
            snapshot.infos[path] = nil
        }
        return snapshot
    }

    /// An account of two collections as a backup of some server would hold it.
    private static func account() -> Snapshot {
        var files: [BytePath: [UInt8]] = [:]
        func add(_ path: String, _ text: String) { files[BytePath(path)] = Array(text.utf8) }
        add(
            "/calendars/work/.collection.json",
            """
            {"format":"fasti-dav-collection","version":1,"kind":"calendar","href":"/x/work/","displayName":"Work & play",
            "properties":[{"namespace":"DAV:","name":"displayname","xml":"<displayname xmlns='DAV:'>Work &amp; play</displayname>"},
            {"namespace":"http://apple.com/ns/ical/","name":"calendar-color",
            "xml":"<calendar-color xmlns='http://apple.com/ns/ical/'>#FF8800FF</calendar-color>"}]}
            """)
        add(
            "/addressbooks/people/.collection.json",
            """
            {"format":"fasti-dav-collection","version":1,"kind":"addressBook","href":"/x/people/","displayName":"People",
            "properties":[]}
            """)
        for number in 0..<14 {
            add(
                "/calendars/work/event \(number).ics",
                event(
                    "u\(number)", "DTSTART:202401\(10 + number % 20)T100000Z",
                    "DTEND:202401\(10 + number % 20)T110000Z",
                    "SUMMARY:Termin mit Ärger Nr. \(number)",
                    "DESCRIPTION:Ein sehr langer Text\\, der gefaltet werden muss\\, und zwar mitten in einem W\r\n ört über die Zeile"
                ))
        }
        for number in 0..<6 {
            add(
                "/addressbooks/people/c\(number).vcf",
                card("c\(number)", "N:Müller;Jörg;;;", "TEL;TYPE=HOME:+49 \(number)"))
        }
        return Snapshot(files: files)
    }
}
