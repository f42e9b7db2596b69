import ConnectorKit
import DAVClient
import DAVConnector
import Foundation
import HTTPTypes
import PeerPrograms
import Testing

/// Files that a server keeps beside events (RFC 8607) come back; point 5 of connectors.md, section 1.5.
@Suite struct AttachmentTests {
    private static let photo = [UInt8]((0..<5_000).map { UInt8($0 % 251) })

    private static func attach(_ id: String, _ name: String) -> String {
        "ATTACH;MANAGED-ID=\(id);FILENAME=\(name);FMTTYPE=image/png;SIZE=9:http://127.0.0.1/files/\(id)"
    }

    /// Two events share a file; a series has one at the event itself and another at one override.
    private static func snapshot() async throws -> Snapshot {
        let start = "DTSTART:20240105T100000Z\r\nDTEND:20240105T110000Z"
        let source = MemoryServer()
        source.addCalendar(
            "work",
            [
                "1.ics": event("1", start, attach("A", "photo.png"), attach("B", "Plan.pdf")),
                "2.ics": event("2", start, attach("A", "photo.png")),
                "3.ics": event("3", start, "SUMMARY:plain", "ATTACH:https://example.org/public.html"),
                "r.ics": event(
                    "r", "DTSTART;TZID=Here:20240105T100000", "DTEND;TZID=Here:20240105T110000",
                    "RRULE:FREQ=WEEKLY;COUNT=5", attach("A", "photo.png"),
                    "END:VEVENT", "BEGIN:VEVENT", "UID:r", "DTSTAMP:20240102T030405Z",
                    "RECURRENCE-ID;TZID=Here:20240112T100000", "DTSTART;TZID=Here:20240112T120000",
                    "DTEND;TZID=Here:20240112T130000",
                    attach("B", "Plan.pdf"), "END:VEVENT", "BEGIN:VTIMEZONE", "TZID:Here", "BEGIN:STANDARD",
                    "DTSTART:19700101T000000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0200", "END:STANDARD",
                    "END:VTIMEZONE", "BEGIN:VEVENT", "UID:r", "DTSTAMP:20240102T030405Z",
                    "RECURRENCE-ID:20240119T080000Z", "DTSTART;TZID=Here:20240119T120000",
                    "DTEND;TZID=Here:20240119T130000"),
            ])
        source.with { state in
            state.files = ["A": photo, "B": Array("a plan".utf8)]
        }
        let snapshot = try await backUp(source)
        #expect(snapshot.isComplete && snapshot.objects.count == 6)
        return snapshot
    }

    private static func posts(_ server: MemoryServer) -> [String] {
        server.requests.filter { $0.method == .post }.map(\.url.target).sorted()
    }

    @Test func point05_attachmentsGoBackBesideTheEvents() async throws {
        let snapshot = try await Self.snapshot()
        let server = MemoryServer(.init(managesAttachments: true))
        let result = try await restore(snapshot, to: server)
        #expect(result.failures.isEmpty, "\(result.failures)")
        #expect(result.words.contains("5 attached files went back beside the events"), "\(result.words)")
        #expect(!result.words.contains("ATTACH"), "no difference to speak of")
        #expect(
            Self.posts(server) == [
                "/cal/work/1.ics?action=attachment-add", "/cal/work/1.ics?action=attachment-add",
                "/cal/work/2.ics?action=attachment-add",
                "/cal/work/r.ics?action=attachment-add", "/cal/work/r.ics?action=attachment-add",
            ])
        // What the new server has is what the old one had.
        let moved = try await backUp(server)
        #expect(moved.isComplete, "\(moved.errors)")
        let contents = moved.objects.filter { $0.key.hasPrefix("/attachments/") }.values
        #expect(Set(contents) == [Self.photo, Array("a plan".utf8)])
        let first = try #require(moved.text("/calendars/work/1.ics"))
        #expect(first.contains("FILENAME=photo.png;FMTTYPE=image/png;SIZE=5000:") && !first.contains("MANAGED-ID=A"))
        #expect(moved.text("/calendars/work/3.ics")?.contains("ATTACH:https://example.org/public.html") == true)

        Self.expectPlaces(moved)

        // Once more: nothing is there twice.
        server.forgetRequests()
        for mode in ["new", "merge", "overwrite"] {
            let again = try await restore(snapshot, to: server, options: ["mode": mode])
            #expect(again.failures.isEmpty && again.outlines.allSatisfy { $0.added + $0.replaced == 0 })
        }
        #expect(Self.posts(server).isEmpty && server.count("PUT") == 0)
        #expect(server.with { $0.collections.keys.sorted() } == ["/cal/work/"])
    }

    @Test func point05_aLostAnswerMakesNoSecondFile() async throws {
        let snapshot = try await Self.snapshot()
        let server = MemoryServer(.init(managesAttachments: true, losesAnswersToPosts: true))
        let result = try await restore(snapshot, to: server)
        #expect(result.failures.isEmpty, "they arrived: \(result.failures)")
        #expect(Self.posts(server).count == 5)
    }

    @Test func point05_aRefusedAttachmentIsNamedAndTriedAgain() async throws {
        let snapshot = try await Self.snapshot()
        let server = MemoryServer(.init(managesAttachments: true))
        server.with { state in
            state.fault = { request, _ in
                request.method == .post && request.url.path.hasSuffix("/2.ics") ? .status(507) : nil
            }
        }
        let result = try await restore(snapshot, to: server)
        #expect(result.failures.map(\.path.description) == ["/attachments/A=.data"])
        #expect(result.failures.first?.reason.contains("507") == true)
        server.with { $0.fault = nil }
        server.forgetRequests()
        let again = try await restore(snapshot, to: server)
        #expect(again.failures.isEmpty)
        #expect(Self.posts(server) == ["/cal/work/2.ics?action=attachment-add"])
        #expect(server.with { $0.collections.keys.sorted() } == ["/cal/work/"])
    }

    @Test func point05_whereNothingIsKeptBesideEventsItGoesIntoThem() async throws {
        let snapshot = try await Self.snapshot()
        let server = MemoryServer()
        let rehearsal = try await restore(snapshot, to: server, isRehearsal: true)
        #expect(rehearsal.words.contains("5 attached files would go into the events"))
        let result = try await restore(snapshot, to: server)
        #expect(result.failures.isEmpty && result.words.contains("5 attached files went into the events"))
        let stored = String(decoding: try #require(server.object("/cal/work/", "1.ics")), as: UTF8.self)
        let lines = stored.replacing("\r\n ", with: "").split(separator: "\r\n")
        let encoded = Data(Self.photo).base64EncodedString()
        #expect(
            lines.contains("ATTACH;FILENAME=photo.png;FMTTYPE=image/png;ENCODING=BASE64;VALUE=BINARY:\(encoded)"))
        #expect(!stored.contains("MANAGED-ID"))
        #expect(stored.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 75 })
        server.forgetRequests()
        let again = try await restore(snapshot, to: server)
        #expect(again.failures.isEmpty && server.count("PUT") == 0)
        #expect(server.with { $0.collections.keys.sorted() } == ["/cal/work/"])
    }

    @Test func point05_whatIsTooLargeInsideGoesWithoutAndThatIsSaid() async throws {
        let snapshot = try await Self.snapshot()
        let server = MemoryServer(.init(sizeLimit: 3_000))
        let result = try await restore(snapshot, to: server)
        #expect(result.failures.isEmpty)
        #expect(server.object("/cal/work/", "2.ics") == snapshot.objects["/calendars/work/2.ics"])
        let gaps = result.events.compactMap { if case .incomplete(let text) = $0 { text } else { nil } }
        #expect(gaps.contains { $0.hasPrefix("5 attached files stayed in the snapshot") }, "\(gaps)")
    }

    @Test func point05_theUserMayKeepTheAddresses() async throws {
        let snapshot = try await Self.snapshot()
        let server = MemoryServer(.init(managesAttachments: true))
        let result = try await restore(snapshot, to: server, options: ["attachments": "keep"])
        #expect(result.failures.isEmpty && Self.posts(server).isEmpty)
        #expect(server.object("/cal/work/", "1.ics") == snapshot.objects["/calendars/work/1.ics"])
        #expect(result.words.contains("stayed in the snapshot, with the old addresses"))
        #expect(throws: ConnectorError(.invalidConfiguration, "")) {
            try settings("dav+http://127.0.0.1/", ["attachments": "yes"], .destination)
        }
    }

    /// A name proves nothing: what the server gives back is compared byte for byte.
    @Test(
        arguments: [
            { Array($0.dropLast()) }, { _ in [] }, { $0.map { $0 ^ 1 } }, { $0 + [0] },
        ] as [@Sendable ([UInt8]) -> [UInt8]])
    func point05_aFileThatComesBackDifferentIsAFailure(rewrite: @escaping @Sendable ([UInt8]) -> [UInt8]) async throws {
        let snapshot = try await Self.snapshot()
        let server = MemoryServer(.init(managesAttachments: true, rewriteFile: rewrite))
        let result = try await restore(snapshot, to: server)
        #expect(result.failures.count == 5 && !result.words.contains("went back"), "\(result.failures)")
        #expect(result.failures.allSatisfy { $0.reason.contains("gives back something else") })
        // The next run puts the right ones in their place, and makes no second ones.
        server.with { $0.habits.rewriteFile = nil }
        server.forgetRequests()
        let again = try await restore(snapshot, to: server)
        #expect(again.failures.isEmpty && again.words.contains("5 attached files went back"), "\(again.failures)")
        #expect(Self.posts(server).allSatisfy { $0.contains("action=attachment-update&managed-id=new-") })
        let moved = try await backUp(server)
        let contents = moved.objects.filter { $0.key.hasPrefix("/attachments/") }.values
        #expect(Set(contents) == [Self.photo, Array("a plan".utf8)] && moved.isComplete)
    }

    @Test func point05_othersOfTheNameStayInModeMerge() async throws {
        let snapshot = try await Self.snapshot()
        let server = MemoryServer(.init(managesAttachments: true))
        _ = try await restore(snapshot, to: server)
        server.with { state in for id in state.files.keys { state.files[id] = Array("edited".utf8) } }
        server.forgetRequests()
        let result = try await restore(snapshot, to: server, options: ["mode": "merge"])
        #expect(result.failures.isEmpty && Self.posts(server).isEmpty)
        #expect(result.words.contains("5 attached files exist with other contents and were left"), "\(result.words)")
    }

    @Test func point05_aFileThatCannotBeReadBackIsAFailure() async throws {
        let snapshot = try await Self.snapshot()
        let server = MemoryServer(.init(managesAttachments: true))
        server.with { state in
            state.fault = { request, _ in request.url.path.hasPrefix("/files/") ? .status(403) : nil }
        }
        let result = try await restore(snapshot, to: server)
        #expect(
            result.failures.count == 5 && result.failures.allSatisfy { $0.reason.contains("does not give it back") })
    }

    /// A server that keeps files at another host: what cannot be compared without giving it the password is said.
    @Test func point05_filesAtAnotherHostAreSaidToBeUncompared() async throws {
        let snapshot = try await Self.snapshot()
        let server = MemoryServer(.init(managesAttachments: true, fileHost: "files.example.org"))
        let options = ["username": "anna", "password": "s3cret"]
        let result = try await restore(snapshot, to: server, options: options)
        #expect(result.failures.isEmpty && result.words.contains("5 attached files went back"), "\(result.failures)")
        #expect(
            result.words.contains("could not be read back and compared") && result.words.contains("files.example.org"))
        #expect(server.requests.allSatisfy { $0.url.host == "127.0.0.1" })
    }

    /// Where files go into the events, and where they always were in them.
    @Test func point05_filesInsideEventsAreComparedToo() async throws {
        let snapshot = try await Self.snapshot()
        let cut = Data(Self.photo).base64EncodedString().suffix(8)
        let cutting: @Sendable ([UInt8]) -> [UInt8] = { bytes in
            let text = String(decoding: bytes, as: UTF8.self).replacing("\r\n ", with: "")
            return Array(text.replacing(cut, with: "AAAAAAA=").utf8)
        }
        let server = MemoryServer(.init(rewrite: cutting))
        let result = try await restore(snapshot, to: server)
        #expect(
            Set(result.failures.map(\.path.description)) == [
                "/calendars/work/1.ics", "/calendars/work/2.ics", "/calendars/work/r.ics",
            ], "\(result.failures)")
        #expect(result.failures.allSatisfy { $0.reason.contains("did not keep 1 attached file") })

        let inside = MemoryServer()
        let content = Data(Self.photo).base64EncodedString()
        inside.addCalendar(
            "work", ["1.ics": event("1", "ATTACH;ENCODING=BASE64;VALUE=BINARY;FMTTYPE=image/png:\(content)")])
        let own = try await backUp(inside)
        let dropping = MemoryServer(.init(rewrite: cutting))
        #expect(try await restore(own, to: dropping).failures.count == 1)
        // Only said in another way: nothing is lost.
        let reworded = MemoryServer(
            .init(rewrite: {
                Array(String(decoding: $0, as: UTF8.self).replacing("FMTTYPE=image/png", with: "X-A=1").utf8)
            }))
        let fine = try await restore(own, to: reworded)
        #expect(fine.failures.isEmpty && fine.words.contains("ATTACH"), "\(fine.failures) \(fine.words)")
    }

    /// A server of others that keeps files beside events: they go there, come back from it, and go to the next one.
    @Test func point05_cyrusTakesAndGivesThem() async throws {
        let folder = try TemporaryFolder()
        var carried = try await Self.snapshot()
        for round in 1...2 {
            guard let server = try await PeerServer.start(.cyrus, in: folder.appending("\(round)")) else {
                print("Skipped: Cyrus is not here. scripts/setup test fetches it.")
                return
            }
            let location = Location("dav+http://127.0.0.1:\(server.port)/dav/")
            let configuration = ConnectorConfiguration(
                location: location, options: ["username": server.userName, "password": server.password])
            let registry = ConnectorRegistry([DAVIntegration.integration])
            let exporter = try await registry.exporter(configuration)
            let result = try await restore(carried, to: exporter)
            await exporter.close()
            #expect(result.failures.isEmpty, "\(result.failures) \(result.words)")
            #expect(result.words.contains("5 attached files went back beside the events"), "\(result.words)")
            let importer = try await registry.importer(configuration)
            let after = try await backUp(importer)
            await importer.close()
            await server.stop()
            #expect(after.isComplete, "\(after.errors) \(after.gaps)")
            let files = after.objects.filter { $0.key.hasPrefix("/attachments/") }
            #expect(Set(files.values) == [Self.photo, Array("a plan".utf8)], "\(files.keys)")
            Self.expectPlaces(after)
            carried = after
        }
    }

    /// Which of the dates has which file is as it was.
    private static func expectPlaces(_ snapshot: Snapshot) {
        let series = snapshot.objects.values.map { String(decoding: $0, as: UTF8.self) }.first { $0.contains("RRULE") }
        let parts = (series ?? "").replacing("\r\n ", with: "").components(separatedBy: "BEGIN:VEVENT").dropFirst()
        #expect(parts.count == 3)
        for part in parts {
            let expected = part.contains("RRULE") ? "photo.png" : part.contains("20240112T") ? "Plan.pdf" : nil
            #expect(part.components(separatedBy: "ATTACH").count == (expected == nil ? 1 : 2), "\(part)")
            if let expected { #expect(part.contains(expected), "\(part)") }
        }
    }
}
