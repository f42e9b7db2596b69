import ConnectorKit
import DAVClient
import DAVConnector
import Foundation
import HTTPTypes
import PeerPrograms
import Testing
import WebDAV
import XMLStream

/// The modes of a restore, what they count, and how one is run again.
@Suite struct RestoreModeTests {
    private func snapshot() async throws -> Snapshot {
        let server = MemoryServer()
        server.addCalendar(
            "work", properties: [XMLElement(.displayname, text: "Work"), XMLElement(.calendarColor, text: "#112233")],
            ["a.ics": event("a"), "b.ics": event("b"), "c.ics": event("c")])
        server.addBook("people", ["anna.vcf": card("anna")])
        return try await backUp(server)
    }

    private func crowded() -> MemoryServer {
        let server = MemoryServer()
        server.addCalendar(
            "work", properties: [XMLElement(.displayname, text: "Labour")],
            [
                "a.ics": event("a"), "b.ics": event("b", "SUMMARY:since"), "other-name.ics": event("c", "SUMMARY:old"),
                "mine.ics": event("mine"), "yours.ics": event("yours"),
            ])
        return server
    }

    @Test func point23_exactRemovesWhatTheSnapshotHasNot() async throws {
        let server = crowded()
        let result = try await restore(try await snapshot(), to: server, options: ["mode": "exact"])
        #expect(result.failures.isEmpty)
        // The UID under another address is the same object, and is not doubled.
        #expect(
            server.with { $0.collections["/cal/work/"]?.objects.keys.sorted() } == ["a.ics", "b.ics", "other-name.ics"])
        #expect(server.object("/cal/work/", "b.ics") == Array(event("b").utf8))
        #expect(server.object("/cal/work/", "other-name.ics") == Array(event("c").utf8))
        let deletes = server.requests.filter { $0.method == .delete }
        #expect(deletes.map(\.url.path) == ["/cal/work/mine.ics", "/cal/work/yours.ics"])
        #expect(deletes.allSatisfy { $0.headers[.ifMatch] != nil })
        let name = try #require(HTTPField.Name("Schedule-Reply"))
        #expect(deletes.allSatisfy { $0.headers[name] == "F" }, "point 25: nobody is told of a removal")
        let outline = try #require(result.outlines.last)
        #expect(
            (outline.title, outline.unchanged, outline.replaced, outline.removed, outline.added) == ("Work", 1, 2, 2, 0)
        )
        #expect(
            server.with { $0.collections["/cal/work/"]?.properties.map(\.text).sorted() } == ["#112233", "Work"],
            "properties become those of the snapshot")
    }

    @Test func point23_exactRemovesNothingWhenSomethingFailed() async throws {
        let server = crowded()
        server.with { state in
            state.fault = { request, _ in request.method == .put ? .status(403) : nil }
        }
        let result = try await restore(try await snapshot(), to: server, options: ["mode": "exact"])
        #expect(!result.failures.isEmpty)
        #expect(server.count("DELETE") == 0)
        #expect(result.words.contains("Nothing was removed"))
    }

    @Test func point23_exactIsNotForSingleObjects() async throws {
        await #expect(throws: ConnectorError(.invalidConfiguration, "")) {
            try await restore(try await snapshot(), to: crowded(), options: ["mode": "exact"], isSelection: true)
        }
    }

    @Test(arguments: ["new", "merge", "overwrite", "exact"])
    func point23_rehearsalsCountAndTouchNothing(mode: String) async throws {
        let server = crowded()
        let before = server.with { $0.collections["/cal/work/"]?.objects.mapValues(\.bytes) }
        let snapshot = try await snapshot()
        let told = try await restore(snapshot, to: server, options: ["mode": mode], isRehearsal: true)
        #expect(told.failures.isEmpty)
        #expect(server.requests.allSatisfy { ["OPTIONS", "PROPFIND", "REPORT", "GET"].contains($0.method.rawValue) })
        #expect(server.with { $0.collections["/cal/work/"]?.objects.mapValues(\.bytes) } == before)
        let done = try await restore(snapshot, to: server, options: ["mode": mode])
        func counts(_ result: RestoreResult) -> [[Int]] {
            result.outlines.map { [$0.added, $0.replaced, $0.unchanged, $0.kept, $0.removed, $0.isNew ? 1 : 0] }
        }
        #expect(counts(told) == counts(done), "what was foretold is what happened")
        #expect(told.outlines.map(\.place) == done.outlines.map(\.place))
        let work = try #require(told.outlines.last)
        switch mode {
        case "new": #expect(work.isNew && work.added == 3 && work.place == "/cal/work-restored/")
        case "merge": #expect((work.added, work.kept, work.unchanged) == (0, 2, 1))
        default: #expect((work.replaced, work.unchanged, work.removed) == (2, 1, mode == "exact" ? 2 : 0))
        }
    }

    @Test func point30_singleObjectsGoBackWhereTheyWere() async throws {
        let server = crowded()
        var part = try await snapshot()
        for path in part.files.keys where path.isWithin("/addressbooks") || path.description.hasSuffix("/a.ics") {
            part.files[path] = nil
        }
        part.infos = [:]
        server.with { $0.collections["/cal/work/"]?.objects["b.ics"] = nil }
        let result = try await restore(part, to: server, isSelection: true)
        #expect(server.object("/cal/work/", "b.ics") == Array(event("b").utf8))
        #expect(server.object("/cal/work/", "other-name.ics") == Array(event("c", "SUMMARY:old").utf8))
        #expect(server.with { $0.collections.keys.sorted() } == ["/cal/work/"])
        #expect(result.outlines.last?.kept == 1)
    }

    @Test func interruptedRestoresGoOn() async throws {
        let server = MemoryServer()
        let snapshot = try await snapshot()
        server.with { state in
            state.fault = { request, _ in
                if request.method == .put, request.url.path == "/cal/work/c.ics" {
                    throw DAVTransportError(.tooLarge, "x")
                }
                if request.method == .proppatch { return .status(401) }
                return nil
            }
        }
        // Ends before the calendar has got its name.
        await #expect(throws: ConnectorError(.authentication, "")) { try await restore(snapshot, to: server) }
        let name = try #require(
            server.with { $0.collections["/cal/work/"]?.properties.first { $0.name == .displayname }?.text })
        #expect(name.hasPrefix("Work (restoring "), "people see that it is not whole: \(name)")
        server.with { $0.fault = nil }
        let result = try await restore(snapshot, to: server)
        #expect(result.failures.isEmpty)
        #expect(server.with { $0.collections.keys.sorted() } == ["/cal/work/", "/card/people/"])
        #expect(server.with { $0.collections["/cal/work/"]?.objects.keys.sorted() } == ["a.ics", "b.ics", "c.ics"])
        #expect(
            server.with { $0.collections["/cal/work/"]?.properties.first { $0.name == .displayname }?.text } == "Work")
        #expect(result.words.contains("earlier run"))
        // Once more: all of it is there.
        server.forgetRequests()
        _ = try await restore(snapshot, to: server)
        #expect(server.count("PUT") == 0 && server.count("MKCALENDAR") == 0)
    }

    @Test func point22_foldersGoWhereTheMapSays() async throws {
        let server = MemoryServer()
        server.addCalendar(
            "private", properties: [XMLElement(.displayname, text: "Private things")], ["p.ics": event("p")])
        let snapshot = try await snapshot()
        let result = try await restore(
            snapshot, to: server, options: ["map": "Work=Private things\n/addressbooks/people=Friends & foes"])
        #expect(result.failures.isEmpty)
        #expect(
            server.with { $0.collections["/cal/private/"]?.objects.keys.sorted() }
                == ["a.ics", "b.ics", "c.ics", "p.ics"])
        #expect(server.object("/card/Friends%20&%20foes/", "anna.vcf") != nil)
        #expect(
            server.with { $0.collections["/card/Friends%20&%20foes/"]?.properties.map(\.text) } == ["Friends & foes"])
        await #expect(throws: ConnectorError(.invalidConfiguration, "")) {
            try await restore(snapshot, to: server, options: ["map": "wrok=private"])
        }
        #expect(throws: ConnectorError(.invalidConfiguration, "")) {
            try settings("dav+http://127.0.0.1/", ["map": "nothing"], .destination)
        }
    }

    @Test func point22_twoFoldersMayShareOneCollectionWhenAsked() async throws {
        let source = MemoryServer()
        source.addCalendar("one", ["e.ics": event("1")])
        source.addCalendar("two", ["e.ics": event("2")])
        let server = MemoryServer()
        let result = try await restore(
            try await backUp(source), to: server, options: ["map": "one=all,two=all"])
        #expect(result.failures.isEmpty)
        #expect(
            server.with {
                $0.collections["/cal/all/"]?.objects.values.map { String(decoding: $0.bytes, as: UTF8.self) }.sorted()
            }
                == [event("1"), event("2")].sorted())
    }

    @Test func point24_uidsAreLookedUpWhereTheServerOnlyHints() async throws {
        let server = MemoryServer(.init(refusesUIDTwice: true, isVagueAboutUIDs: true))
        // Comes into the calendar after it was listed, so that only the server knows of it.
        server.addCalendar("work", ["aa.ics": event("aa")])
        server.with { state in
            state.fault = { request, state in
                if request.method == .put, state.collections["/cal/work/"]?.objects["late.ics"] == nil {
                    state.store(Array(event("a", "SUMMARY:late").utf8), "/cal/work/", "late.ics", "text/calendar")
                }
                return nil
            }
        }
        let result = try await restore(try await snapshot(), to: server, options: ["mode": "overwrite"])
        #expect(result.failures.isEmpty, "\(result.failures)")
        #expect(server.object("/cal/work/", "late.ics") == Array(event("a").utf8))
        #expect(server.object("/cal/work/", "aa.ics") == Array(event("aa").utf8), "a part of a UID is another UID")
    }

    @Test func point24_whatOnlyTheTrashBinHasIsSaid() async throws {
        let server = MemoryServer()
        server.with { state in
            state.fault = { request, _ in
                guard request.method == .put, request.url.path.hasSuffix("a.ics") else { return nil }
                let body =
                    "<d:error xmlns:d='DAV:' xmlns:s='http://sabredav.org/ns'>"
                    + "<s:message>Calendar object with uid already exists in this calendar collection.</s:message></d:error>"
                return .status(400, [:], Array(body.utf8))
            }
        }
        let result = try await restore(try await snapshot(), to: server)
        #expect(result.failures.map(\.path.description) == ["/calendars/work/a.ics"])
        #expect(result.failures.first?.reason.contains("trash bin") == true)
    }

    @Test func point27_limitsOnNewCalendarsAreSaidAndGotOver() async throws {
        let server = MemoryServer()
        let snapshot = try await snapshot()
        server.with { state in
            state.fault = { request, _ in
                guard request.method.rawValue == "MKCALENDAR" else { return nil }
                let body =
                    "<d:error xmlns:d='DAV:' xmlns:s='http://sabredav.org/ns'><s:message>Calendar limit reached"
                    + "</s:message></d:error>"
                return .status(403, [:], Array(body.utf8))
            }
        }
        let result = try await restore(snapshot, to: server)
        #expect(result.words.contains("Run the same restore again later"))
        #expect(result.failures.count == 3, "\(result.failures)")
        #expect(server.object("/card/people/", "anna.vcf") != nil, "the rest is there")
        server.with { $0.fault = nil }
        let later = try await restore(snapshot, to: server)
        #expect(later.failures.isEmpty)
        #expect(server.with { $0.collections.keys.sorted() } == ["/cal/work/", "/card/people/"])
    }

    @Test func point28_rejectedObjectsAreNamedAndTheRestGoesOn() async throws {
        let server = MemoryServer()
        server.with { state in
            state.fault = { request, _ in
                guard request.method == .put, request.url.path.hasSuffix("b.ics") else { return nil }
                let body =
                    "<d:error xmlns:d='DAV:' xmlns:c='urn:ietf:params:xml:ns:caldav'><c:max-resource-size/></d:error>"
                return .status(403, [:], Array(body.utf8))
            }
        }
        let result = try await restore(try await snapshot(), to: server)
        #expect(result.failures.map(\.path.description) == ["/calendars/work/b.ics"])
        #expect(result.failures.first?.reason.contains("max-resource-size") == true)
        #expect(result.outlines.last?.failed == 1 && result.outlines.last?.added == 2)
    }

    /// Xandikos says 412 for what it does not like, which is also what a lost answer looks like.
    @Test func point28_theServersOwnReasonIsTold() async throws {
        let server = MemoryServer()
        server.with { state in
            state.fault = { request, _ in
                guard request.method == .put, request.url.path.hasSuffix("b.ics") else { return nil }
                let body =
                    "<d:error xmlns:d='DAV:' xmlns:c='urn:ietf:params:xml:ns:caldav'><c:valid-calendar-data/></d:error>"
                return .status(412, [:], Array(body.utf8))
            }
        }
        let result = try await restore(try await snapshot(), to: server)
        #expect(result.failures.map(\.path.description) == ["/calendars/work/b.ics"])
        let reason = try #require(result.failures.first?.reason)
        #expect(reason.contains("412 Precondition Failed") && reason.contains("valid-calendar-data"), "\(reason)")
    }

    /// A server that refuses an object in the first run: the second goes on where the first ended, in a calendar that has
    /// its right name.
    @Test(arguments: [true, false])
    func point28_theNextRunGoesOnAfterARefusal(takesItLater: Bool) async throws {
        let folder = try TemporaryFolder()
        let server = MemoryServer()
        server.addCalendar("mine", ["mine.ics": event("mine")])
        let refuse: @Sendable (DAVClientRequest, inout MemoryServer.State) -> DAVClientResponse? = { request, _ in
            request.method == .put && request.url.path.hasSuffix("b.ics") ? .status(403) : nil
        }
        server.with { $0.fault = refuse }
        let snapshot = try await snapshot()
        let state = folder.path + "/accounts"
        let first = try await restore(snapshot, to: server, stateDirectory: state)
        #expect(first.failures.map(\.path.description) == ["/calendars/work/b.ics"])
        #expect(
            server.with { $0.collections["/cal/work/"]?.properties.first { $0.name == .displayname }?.text } == "Work")
        if takesItLater { server.with { $0.fault = nil } }
        let second = try await restore(snapshot, to: server, stateDirectory: state)
        #expect(second.failures.count == (takesItLater ? 0 : 1))
        #expect(second.words.contains("Going on with \"Work\""))
        #expect(server.with { $0.collections.keys.sorted() } == ["/cal/mine/", "/cal/work/", "/card/people/"])
        #expect((server.object("/cal/work/", "b.ics") == Array(event("b").utf8)) == takesItLater)
        // Once it is whole, whatever is missing was removed by somebody: that stays as it is.
        server.with { state in
            state.fault = nil
            state.collections["/cal/work/"]?.objects["a.ics"] = nil
        }
        _ = try await restore(snapshot, to: server, stateDirectory: state)
        #expect((server.object("/cal/work-restored/", "a.ics") != nil) == takesItLater)
        let names = try FileManager.default.contentsOfDirectory(atPath: state).sorted()
        #expect(names == ["restores.json", "restores.json.lock"])
        let mode = try FileManager.default.attributesOfItem(atPath: state + "/restores.json")[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    /// A server that writes what it stores in its own way, so that the calendar no longer looks like the snapshot.
    @Test func point28_theNextRunKnowsWhatTheServerChanged() async throws {
        let folder = try TemporaryFolder()
        let server = MemoryServer(
            .init(rewrite: { bytes in
                Array(String(decoding: bytes, as: UTF8.self).replacing("UID:a", with: "UID:A").utf8)
            }))
        let snapshot = try await snapshot()
        for _ in 0..<2 { _ = try await restore(snapshot, to: server, stateDirectory: folder.path) }
        #expect(server.with { $0.collections.keys.sorted() } == ["/cal/work/", "/card/people/"])
        #expect(server.count("PUT") == 4)
    }

    @Test func point25_aSecondRunMakesNoSecondCopyOfHeldEvents() async throws {
        let source = MemoryServer()
        source.addCalendar(
            "work", ["m.ics": event("m", "ORGANIZER:mailto:anna@example.org", "ATTENDEE:mailto:bert@example.org")])
        let snapshot = try await backUp(source)
        let server = MemoryServer(.init(davHeader: "1, 3, calendar-access, calendar-auto-schedule"))
        _ = try await restore(snapshot, to: server)
        _ = try await restore(snapshot, to: server)
        #expect(server.with { $0.collections.keys.sorted() } == ["/cal/work/"])
        #expect(server.count("PUT") == 1)
    }

    @Test func point03_tasksAndJournalsAreKeptLikeEvents() async throws {
        let source = MemoryServer()
        let kinds = XMLElement(
            .supportedCalendarComponentSet,
            ["VTODO", "VJOURNAL"].map { XMLElement(.comp, attributes: [XMLAttribute(XMLName("", "name"), $0)]) })
        let task = event("t").replacing("VEVENT", with: "VTODO")
        let entry = event("j").replacing("VEVENT", with: "VJOURNAL")
        source.addCalendar("lists", properties: [kinds], ["t.ics": task, "j.ics": entry])
        let server = MemoryServer()
        let result = try await restore(try await backUp(source), to: server)
        #expect(result.failures.isEmpty)
        #expect(server.object("/cal/lists/", "t.ics") == Array(task.utf8))
        #expect(server.object("/cal/lists/", "j.ics") == Array(entry.utf8))
        #expect(server.with { $0.collections["/cal/lists/"]?.properties.contains(kinds) } == true)
        let made = try #require(server.requests.first { $0.method.rawValue == "MKCALENDAR" })
        let body = String(decoding: made.body, as: UTF8.self)
        #expect(body.contains("VTODO") && body.contains("VJOURNAL"), "it can be said only when the list is made")
    }

    @Test func point11_contentIsReadOnceAndWhole() async throws {
        // Three pieces of one object, as a store hands them over.
        actor Pieces: ContentReader {
            private var pieces: [[UInt8]]
            init(_ bytes: [UInt8]) { pieces = [Array(bytes[..<10]), Array(bytes[10..<20]), Array(bytes[20...])] }
            func next() -> [UInt8]? { pieces.isEmpty ? nil : pieces.removeFirst() }
            func close() {}
        }
        let server = MemoryServer()
        let snapshot = try await snapshot()
        let exporter = try DAVExporter(settings("dav+http://127.0.0.1/", [:], .destination), transport: server)
        try await exporter.begin(snapshot, ConnectorContext())
        let path: BytePath = "/calendars/work/a.ics"
        let bytes = try #require(snapshot.files[path])
        let info = FileInfo(
            name: path.name, size: Int64(bytes.count), mode: .regular(permissions: 0o600), modificationTime: .epoch)
        try await exporter.export(Record(path: path, info: info), content: Pieces(bytes))
        #expect(try await exporter.finish().isEmpty)
        #expect(server.object("/cal/work/", "a.ics") == bytes)
    }

    /// Objects that have been handed over and are not at the server yet: three batches of 8 MiB at the most (one read, one
    /// sent, one read back), whatever there is to restore.
    @Test func point19_aRestoreHoldsAFewBatches() async throws {
        let source = MemoryServer()
        let text = String(repeating: "x", count: 1 << 20)
        source.addCalendar(
            "work", Dictionary(uniqueKeysWithValues: (0..<60).map { ("e\($0).ics", event("\($0)", "X-A:\(text)")) }))
        let snapshot = try await backUp(source)
        let server = MemoryServer()
        let exporter = try DAVExporter(settings("dav+http://127.0.0.1/", [:], .destination), transport: server)
        try await exporter.begin(snapshot, ConnectorContext(concurrency: 2))
        var most = 0
        for (number, (path, bytes)) in snapshot.objects.sorted(by: { $0.key < $1.key }).enumerated() {
            let path = BytePath(path)
            let info = FileInfo(
                name: path.name, size: Int64(bytes.count), mode: .regular(permissions: 0o600), modificationTime: .epoch)
            try await exporter.export(Record(path: path, info: info), content: InlineContentReader(bytes))
            most = max(most, number + 1 - server.count("PUT"))
        }
        #expect(try await exporter.finish().isEmpty)
        #expect(server.count("PUT") == 60 && most <= 27, "\(most)")
    }

    @Test func point26_overridesStayWithTheirEvent() async throws {
        let source = MemoryServer()
        let series =
            event(
                "r", "DTSTART:20240105T100000Z", "RRULE:FREQ=WEEKLY;COUNT=5", "END:VEVENT", "BEGIN:VEVENT", "UID:r",
                "DTSTAMP:20240102T030405Z", "RECURRENCE-ID:20240112T100000Z", "DTSTART:20240112T120000Z")
        let orphan = event("o", "RECURRENCE-ID:20240112T100000Z", "DTSTART:20240112T120000Z")
        source.addCalendar("work", ["r.ics": series, "o.ics": orphan])
        let server = MemoryServer()
        _ = try await restore(try await backUp(source), to: server)
        #expect(server.object("/cal/work/", "r.ics") == Array(series.utf8))
        #expect(server.object("/cal/work/", "o.ics") == Array(orphan.utf8), "an invitation to one date alone is legal")
        #expect(server.count("PUT") == 2)
    }

    @Test func differencesAreSaidInWords() async throws {
        let source = MemoryServer()
        source.addCalendar(
            "work",
            properties: [XMLElement(.displayname, text: "Work"), XMLElement(.calendarColor, text: "#112233FF")],
            [
                "1.ics": event("1", "X-FOO:1"), "2.ics": event("2", "X-FOO:1"), "3.ics": event("3", "X-FOO:1"),
                "4.ics": event("4", "SUMMARY:a\\, b"),
            ])
        let server = MemoryServer(
            .init(rewrite: { bytes in
                let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
                    .filter { !$0.hasPrefix("X-FOO") }.map { $0.hasPrefix("SUMMARY") ? "SUMMARY:a, b" : String($0) }
                return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
            }))
        server.with { state in
            state.fault = { request, state in
                guard request.method == .proppatch else { return nil }
                let answer = state.answer(request)
                state.collections["/cal/work/"]?.properties = [
                    XMLElement(.displayname, text: "WORK"), XMLElement(.calendarColor, text: "#112233"),
                ]
                return answer
            }
        }
        let result = try await restore(try await backUp(source), to: server)
        #expect(result.words.contains("The server dropped X-FOO from 3 events."))
        #expect(result.words.contains("wrote 1 object in its own way"))
        #expect(
            result.outlines.first?.differences.contains { $0.contains("\"WORK\" as the name, not \"Work\"") } == true)
        #expect(!result.words.contains("colour"), "opacity left out is no difference")
    }
}
