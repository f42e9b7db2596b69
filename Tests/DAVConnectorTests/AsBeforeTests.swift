import ConnectorKit
import DAVClient
import DAVConnector
import HTTPTypes
import Testing
import WebDAV
import XMLStream

/// An account in which nothing has moved is recognised without a look at what is in it, and only then.
@Suite struct AsBeforeTests {
    private static let tokens = MemoryServer.Habits(givesSyncTokens: true)

    private func server(_ habits: MemoryServer.Habits = tokens) -> MemoryServer {
        let server = MemoryServer(habits)
        server.addCalendar(
            "work",
            Dictionary(uniqueKeysWithValues: (0..<20).map { ("e\($0).ics", event("uid-\($0)")) }))
        server.addBook("people", ["anna.vcf": "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:anna\r\nFN:Anna\r\nEND:VCARD\r\n"])
        return server
    }

    private func isAsBefore(
        _ server: MemoryServer, _ previous: Snapshot?, options: [String: String] = [:], days: Int64 = 0,
        excludes: (@Sendable (BytePath, Bool) -> Bool)? = nil
    ) async throws -> (isSame: Bool, notes: [ConnectorEvent]) {
        let importer = try DAVImporter(
            settings("dav+http://127.0.0.1/", options, .source), transport: server,
            now: { noon + days * 86_400 })
        let events = Collector<ConnectorEvent>()
        var context = ConnectorContext(previous: previous) { events.add($0) }
        if let excludes { context.excludes = excludes }
        let isSame = try await importer.isAsBefore(context)
        return (isSame, events.all)
    }

    @Test(arguments: [tokens, .init(), .init(givesChangeTags: false, givesSyncTokens: true)])
    func nothingHasMoved(habits: MemoryServer.Habits) async throws {
        let server = server(habits)
        let first = try await backUp(server)
        server.forgetRequests()
        #expect(try await isAsBefore(server, first).isSame)
        #expect(!server.requests.contains { $0.url.path.hasPrefix("/cal/work/") })
        // And so it is: a walk gives the same, record by record.
        let walk = try await backUp(server, previous: first)
        #expect(walk.files == first.files && walk.infos == first.infos && walk.isComplete)
    }

    @Test func whateverMovesIsSeen() async throws {
        let changes: [@Sendable (inout MemoryServer.State) -> Void] = [
            { $0.store(Array(event("uid-3", "SUMMARY:Moved").utf8), "/cal/work/", "e3.ics", "text/calendar") },
            { $0.store(Array(event("new").utf8), "/cal/work/", "new.ics", "text/calendar") },
            {
                $0.collections["/cal/work/"]?.objects["e5.ics"] = nil
                $0.collections["/cal/work/"]?.changes += 1
            },
            { $0.collections["/card/people/"] = nil },
            { $0.collections["/cal/more/"] = .init(kind: .calendar) },
            { $0.collections["/cal/work/"]?.properties.append(XMLElement(.displayname, text: "Renamed")) },
        ]
        for habits in [Self.tokens, .init()] {
            for (number, change) in changes.enumerated() {
                let server = server(habits)
                let first = try await backUp(server)
                server.with { change(&$0) }
                #expect(try await !isAsBefore(server, first).isSame, "change \(number)")
            }
        }
    }

    @Test func aWordThatIsOldOrNotBelievedIsNotEnough() async throws {
        let server = server()
        let first = try await backUp(server)
        #expect(try await isAsBefore(server, first, days: 6).isSame)
        #expect(try await !isAsBefore(server, first, days: 7).isSame, "a week: listed again")
        #expect(try await !isAsBefore(server, first, options: ["full": "true"]).isSame)
        #expect(try await !isAsBefore(server, nil).isSame, "a first backup")
        #expect(try await !isAsBefore(server, first, options: ["exclude": "work"]).isSame)
        #expect(try await !isAsBefore(server, first) { path, _ in path.description.hasSuffix("/e1.ics") }.isSame)
        #expect(try await !isAsBefore(server, first) { path, _ in path.description.hasSuffix("/work") }.isSame)
        let withoutETags = self.server(.init(givesETags: false, givesSyncTokens: true))
        #expect(try await !isAsBefore(withoutETags, try await backUp(withoutETags)).isSame)
        let bare = self.server(.init(givesChangeTags: false))
        #expect(try await !isAsBefore(bare, try await backUp(bare)).isSame)
    }

    @Test func aSnapshotThatLacksSomethingIsNotRepeated() async throws {
        let server = server()
        server.with { state in
            state.fault = { request, _ in
                request.url.path.hasSuffix("/e7.ics") || request.method.rawValue == "REPORT"
                    ? .status(403) : nil
            }
        }
        let first = try await backUp(server)
        #expect(!first.isComplete)
        server.with { $0.fault = nil }
        #expect(try await !isAsBefore(server, first).isSame)
    }

    @Test func whatIsLeftOutIsStillSaid() async throws {
        let server = server()
        server.addCalendar("noise", ["n.ics": event("n")])
        let first = try await backUp(server, options: ["exclude": "noise"])
        let (isSame, notes) = try await isAsBefore(server, first, options: ["exclude": "noise"])
        #expect(isSame)
        #expect(notes.contains { if case .note(let text) = $0 { text.contains("noise") } else { false } })
    }

    @Test func theAccountIsLookedForOnce() async throws {
        let server = server()
        let first = try await backUp(server)
        server.forgetRequests()
        _ = try await backUp(server, previous: first)
        let once = server.requests.count
        server.with { $0.store(Array(event("new").utf8), "/cal/work/", "new.ics", "text/calendar") }
        server.forgetRequests()
        let importer = try DAVImporter(
            settings("dav+http://127.0.0.1/", [:], .source), transport: server, now: { noon })
        let context = ConnectorContext(previous: first)
        #expect(try await !importer.isAsBefore(context))
        try await importer.importRecords(context) { _ in }
        #expect(server.requests.count <= once + 2, "the changes, and the objects that changed")
    }
}
