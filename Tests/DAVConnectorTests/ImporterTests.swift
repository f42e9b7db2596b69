import ConnectorKit
import DAVClient
import DAVConnector
import Foundation
import HTTPTypes
import Testing
import WebDAV
import XMLStream

/// What a backup brings home; the numbers are those of connectors.md, section 1.5.
@Suite struct ImporterTests {
    private func server(_ habits: MemoryServer.Habits = .init(), count: Int = 3) -> MemoryServer {
        let server = MemoryServer(habits)
        server.addCalendar(
            "work",
            properties: [
                XMLElement(.displayname, text: "Work & play"), XMLElement(.calendarColor, text: "#FF0000FF"),
                XMLElement(XMLName("urn:x", "strange"), [XMLElement(XMLName("urn:y", "inner"), text: "a<b")]),
            ],
            Dictionary(
                uniqueKeysWithValues: (0..<count).map { ("e\($0).ics", event("uid-\($0)", "SUMMARY:Event \($0)")) }))
        server.addBook("people", ["anna.vcf": card("anna")])
        return server
    }

    @Test func theTreeHoldsEverything() async throws {
        let server = server()
        let snapshot = try await backUp(server)
        #expect(
            snapshot.paths == [
                "/addressbooks/people/.collection.json", "/addressbooks/people/.objects.json",
                "/addressbooks/people/anna.vcf",
                "/calendars/work/.collection.json", "/calendars/work/.objects.json", "/calendars/work/e0.ics",
                "/calendars/work/e1.ics", "/calendars/work/e2.ics",
            ])
        #expect(snapshot.errors.isEmpty)
        for name in ["e0.ics", "e1.ics", "e2.ics"] {
            #expect(snapshot.files[BytePath("/calendars/work/\(name)")] == server.object("/cal/work/", name))
        }
        // 2024-01-02T03:04:05Z from DTSTAMP, a number from the ETag, and no hard link.
        let info = try #require(snapshot.infos[BytePath("/calendars/work/e0.ics")])
        #expect(info.modificationTime.seconds == 1_704_164_645)
        #expect(info.inode != 0 && info.linkCount == 1)
        let objects = try #require(snapshot.text("/calendars/work/.objects.json"))
        #expect(objects.contains("\"uid\":\"uid-0\""))
        #expect(objects.contains("\"href\":\"/cal/work/e0.ics\""))
    }

    @Test func twoBackupsOfTheSameAreTheSameBytes() async throws {
        let server = server()
        let first = try await backUp(server)
        let second = try await backUp(server)
        #expect(first.files == second.files)
        #expect(first.infos == second.infos)
    }

    @Test func point02_propertiesAreKeptWhole() async throws {
        let sidecar = try #require(try await backUp(server()).text("/calendars/work/.collection.json"))
        #expect(sidecar.contains("\"displayName\" : \"Work & play\""))
        #expect(sidecar.contains("#FF0000FF"))
        #expect(sidecar.contains("a&lt;b"))
        #expect(sidecar.contains("urn:y"))
    }

    @Test func point03_tasksAndJournalsAreKeptAlike() async throws {
        let server = MemoryServer()
        let components = XMLElement(
            XMLName(caldav: "supported-calendar-component-set"),
            [XMLElement(XMLName(caldav: "comp"), attributes: [XMLAttribute(XMLName("", "name"), "VTODO")])])
        let object = { (kind: String) in
            event(kind).split(separator: "VEVENT", omittingEmptySubsequences: false).joined(separator: kind)
        }
        server.addCalendar("tasks", properties: [components], ["t.ics": object("VTODO")])
        server.addCalendar(
            "rest", ["j.ics": object("VJOURNAL"), "a.ics": object("VAVAILABILITY"), "f.ics": object("VFREEBUSY")])
        let snapshot = try await backUp(server)
        #expect(snapshot.isComplete && snapshot.objects.count == 4)
        #expect(snapshot.text("/calendars/rest/j.ics")?.contains("BEGIN:VJOURNAL") == true)
        #expect(snapshot.text("/calendars/tasks/.collection.json")?.contains("VTODO") == true)
    }

    @Test func point04_namesWithoutEndingAreKept() async throws {
        let server = MemoryServer()
        server.addCalendar("c", ["plain": event("1"), "plain.ics": event("2"), "a%2Fb.ics": event("3")])
        let snapshot = try await backUp(server)
        #expect(
            snapshot.objects.keys.sorted() == [
                "/calendars/c/a=2Fb.ics", "/calendars/c/plain.ics", "/calendars/c/plain=.ics",
            ])
        let sidecar = try #require(snapshot.text("/calendars/c/.objects.json"))
        #expect(sidecar.contains("\"/cal/c/a%2Fb.ics\""))
    }

    @Test func point06_truncatedListingFails() async throws {
        let server = server()
        // The calendar's listing is cut in the middle; the address book is sound.
        server.with { state in
            state.fault = { request, state in
                guard request.method.rawValue == "PROPFIND", request.url.path == "/cal/work/" else { return nil }
                var answer = state.answer(request)
                answer.body.removeLast(answer.body.count / 2)
                return answer
            }
        }
        let snapshot = try await backUp(server)
        #expect(snapshot.errors.keys.map(\.description) == ["/calendars/work"])
        #expect(snapshot.events.contains { if case .incomplete = $0 { true } else { false } })
        #expect(snapshot.objects.keys.sorted() == ["/addressbooks/people/anna.vcf"])
        // With nothing else to back up, it is no snapshot at all.
        await #expect(throws: ConnectorError(.protocolViolation, "")) {
            try await backUp(server, location: "caldav+http://127.0.0.1/cal/")
        }
    }

    @Test func point08_emptyCalendarsAreValid() async throws {
        let server = MemoryServer()
        server.addCalendar("empty")
        let snapshot = try await backUp(server)
        #expect(snapshot.paths == ["/calendars/empty/.collection.json", "/calendars/empty/.objects.json"])
        #expect(snapshot.errors.isEmpty)
        #expect(try await backUp(MemoryServer()).paths.isEmpty)
    }

    @Test(arguments: [401, 403, 404, 500])
    func point09_failedDiscoveryFailsTheBackup(code: Int) async throws {
        let server = server()
        server.with { $0.fault = { request, _ in request.url.path == "/cal/" ? .status(code) : nil } }
        await #expect(throws: ConnectorError.self) { try await backUp(server) }
    }

    @Test func point09_anExpiredLoginEndsTheBackup() async throws {
        let server = server()
        server.with { $0.fault = { request, _ in request.method.rawValue == "REPORT" ? .status(401) : nil } }
        await #expect(throws: ConnectorError(.authentication, "")) { try await backUp(server) }
    }

    @Test func point09_lossesAreSaid() async throws {
        let server = server(count: 20)
        let first = try await backUp(server)
        server.with { state in
            for number in 5..<20 { state.collections["/cal/work/"]?.objects["e\(number).ics"] = nil }
            state.collections["/cal/work/"]?.changes += 1
            state.collections["/card/people/"] = nil
        }
        let second = try await backUp(server, previous: first)
        #expect(second.gaps.count == 2)
        #expect(second.gaps.contains { $0.contains("20 objects") && $0.contains("5 now") })
        #expect(second.gaps.contains { $0.contains("\"people\"") && $0.contains("no longer") })
        // Whoever meant it has nothing to do.
        #expect(try await backUp(server, previous: second).isComplete)
        #expect(try await backUp(server, previous: first, options: ["max_loss": "100"]).isComplete)
    }

    @Test func point10_changesDuringTheBackupAreCaught() async throws {
        let server = server()
        // After the listing, and before the objects are read: one changes, one goes, one comes.
        server.with { state in
            state.fault = { request, state in
                guard request.method.rawValue == "REPORT", request.url.path == "/cal/work/",
                    state.collections["/cal/work/"]?.objects["new.ics"] == nil
                else { return nil }
                state.store(
                    Array(event("uid-0", "SUMMARY:Changed, and longer").utf8), "/cal/work/", "e0.ics", "text/calendar")
                state.store(Array(event("new").utf8), "/cal/work/", "new.ics", "text/calendar")
                state.collections["/cal/work/"]?.objects["e1.ics"] = nil
                return nil
            }
        }
        let snapshot = try await backUp(server)
        #expect(snapshot.errors.isEmpty)
        let calendar = snapshot.objects.keys.filter { $0.hasPrefix("/calendars") }.sorted()
        #expect(calendar == ["/calendars/work/e0.ics", "/calendars/work/e2.ics", "/calendars/work/new.ics"])
        #expect(snapshot.text("/calendars/work/e0.ics")?.contains("Changed, and longer") == true)
    }

    @Test func anObjectThatCannotBeReadIsNamed() async throws {
        let server = server()
        server.with { state in
            state.fault = { request, _ in
                switch request.method.rawValue {
                case "REPORT": .status(500)
                case "GET" where request.url.path == "/cal/work/e1.ics": .status(500)
                default: nil
                }
            }
        }
        let snapshot = try await backUp(server)
        #expect(snapshot.errors.keys.map(\.description) == ["/calendars/work/e1.ics"])
        #expect(snapshot.objects.count == 3)
    }

    @Test func point11_aSecondReadIsNoEmptyObject() async throws {
        let server = server()
        let first = try await backUp(server)
        let importer = try DAVImporter(settings("dav+http://127.0.0.1/", [:], .source), transport: server)
        let records = Collector<Record>()
        try await importer.importRecords(ConnectorContext(previous: first)) { records.add($0) }
        let record = try #require(records.all.first { $0.path.description == "/calendars/work/e1.ics" })
        #expect(try await importer.open(record).next() == server.object("/cal/work/", "e1.ics"))
        await #expect(throws: ConnectorError.self) { try await importer.open(record) }
    }

    @Test func point12_sameSizeEditsAreNoticed() async throws {
        for habits in [MemoryServer.Habits(), .init(givesETags: false), .init(givesChangeTags: false)] {
            let server = server(habits)
            let first = try await backUp(server)
            server.with {
                $0.store(Array(event("uid-1", "SUMMARY:Event 9").utf8), "/cal/work/", "e1.ics", "text/calendar")
            }
            let second = try await backUp(server, previous: first)
            let path = BytePath("/calendars/work/e1.ics")
            #expect(first.infos[path]?.size == second.infos[path]?.size)
            #expect(first.infos[path] != second.infos[path])
            #expect(second.text(path.description)?.contains("Event 9") == true)
        }
    }

    @Test func point16_membersComeInAnyOrder() async throws {
        let server = server()
        let expected = try await backUp(server)
        server.with { state in
            state.fault = { request, state in
                guard request.method.rawValue == "PROPFIND", request.headers[.depth] == "1" else { return nil }
                var answer = state.answer(request)
                let mark = "</D:response>"
                var parts = String(decoding: answer.body, as: UTF8.self).split(separator: mark).map(String.init)
                let end = parts.removeLast()
                let start = parts[0].prefix(upTo: parts[0].range(of: "<D:response>")?.lowerBound ?? parts[0].startIndex)
                parts[0].removeFirst(start.count)
                answer.body = Array((start + parts.reversed().map { $0 + mark }.joined() + end).utf8)
                return answer
            }
        }
        let snapshot = try await backUp(server)
        #expect(snapshot.isComplete && snapshot.files == expected.files)
    }

    @Test func point19_readingWaitsForTheStore() async throws {
        let server = server(count: 1_000)
        let importer = try DAVImporter(settings("dav+http://127.0.0.1/", [:], .source), transport: server)
        let seen = Collector<BytePath>()
        let ahead = Collector<Int>()
        try await importer.importRecords(ConnectorContext(concurrency: 2)) { record in
            seen.add(record.path)
            await Task.yield()
            // Batches of 50 that have been asked for beyond what was taken.
            ahead.add(server.count("REPORT") - seen.all.count / 50)
        }
        #expect(seen.all.count > 1_000)
        #expect((ahead.all.max() ?? 0) <= 4, "never much more than what two requests bring")
    }

    /// Objects of a mebibyte: what was read and not yet taken stays within what the requests under way bring.
    @Test func point19_largeObjectsAreNotGathered() async throws {
        let server = MemoryServer()
        let text = String(repeating: "x", count: 1 << 20)
        server.addCalendar(
            "work", Dictionary(uniqueKeysWithValues: (0..<40).map { ("e\($0).ics", event("\($0)", "X-A:\(text)")) }))
        let importer = try DAVImporter(settings("dav+http://127.0.0.1/", [:], .source), transport: server)
        let taken = Collector<BytePath>()
        let ahead = Collector<Int>()
        try await importer.importRecords(ConnectorContext(concurrency: 2)) { record in
            if case .inline(let bytes) = record.content, bytes.count > 1 << 20 { taken.add(record.path) }
            await Task.yield()
            ahead.add(server.count("GET") - taken.all.count)
        }
        #expect(taken.all.count == 40)
        #expect((ahead.all.max() ?? 0) <= 3, "\(ahead.all)")
    }

    @Test func point17_unchangedObjectsCostNothing() async throws {
        let server = server(count: 120)
        let first = try await backUp(server)
        server.forgetRequests()
        server.with { $0.store(Array(event("uid-7", "SUMMARY:New").utf8), "/cal/work/", "e7.ics", "text/calendar") }
        let second = try await backUp(server, previous: first)
        #expect(server.count("REPORT") + server.count("GET") == 1)
        #expect(second.unread.count == 120, "119 events and one contact")
        #expect(second.objects["/calendars/work/e7.ics"] == server.object("/cal/work/", "e7.ics"))
        #expect(
            second.files[BytePath("/calendars/work/.objects.json")]
                != first.files[BytePath("/calendars/work/.objects.json")])
        // A full read does not believe ETags.
        server.forgetRequests()
        let third = try await backUp(server, previous: second, options: ["full": "true"])
        #expect(server.count("REPORT") + server.count("GET") >= 2 && third.objects == second.objects)
    }

    @Test func unreadObjectsCanStillBeRead() async throws {
        let server = server()
        var first = try await backUp(server)
        first.infos = [:]
        let second = try await backUp(server, previous: first)
        #expect(second.unread.isEmpty)
        #expect(second.objects == first.objects)
    }

    @Test(arguments: [
        MemoryServer.Habits(multigetCap: 7), .init(multigetLimit: 10), .init(multigetLimit: 0),
        .init(losesCarriageReturns: true), .init(losesCarriageReturns: true, givesLengths: false),
        .init(givesETags: false),
    ])
    func point17_stingyServersStillGiveEverything(habits: MemoryServer.Habits) async throws {
        let server = server(habits, count: 60)
        server.with {
            $0.store(Array("BEGIN:VCALENDAR\nX:1\r\nEND:VCALENDAR\n".utf8), "/cal/work/", "mixed.ics", "text/calendar")
        }
        let snapshot = try await backUp(server)
        #expect(snapshot.objects.count == 62)
        for (path, bytes) in snapshot.objects where path.hasPrefix("/calendars") {
            let name = String(path.split(separator: "/").last ?? "")
            #expect(bytes == server.object("/cal/work/", name), "\(name) is not byte for byte what the server has")
        }
    }

    @Test func point17_batchesMakeFewRequests() async throws {
        let server = server(count: 500)
        _ = try await backUp(server)
        #expect(server.count("REPORT") <= 11)
        #expect(server.count("GET") <= 1)
    }

    @Test func aMemberOnAnotherHostIsNotAskedFor() async throws {
        let server = server()
        server.with { state in
            state.fault = { request, state in
                guard request.url.path == "/cal/work/", request.headers[.depth] == "1" else { return nil }
                var answer = state.answer(request)
                answer.body = Array(
                    String(decoding: answer.body, as: UTF8.self)
                        .split(separator: "/cal/work/e1.ics", omittingEmptySubsequences: false)
                        .joined(separator: "https://evil.example.net/e1.ics").utf8)
                return answer
            }
        }
        let snapshot = try await backUp(server, options: ["username": "anna", "password": "s3cret"])
        #expect(snapshot.errors.keys.map(\.description) == ["/calendars/work"])
        #expect(server.requests.allSatisfy { $0.url.host == "127.0.0.1" })
    }

    @Test func pingCounts() async throws {
        let importer = try DAVImporter(
            settings("dav+http://127.0.0.1/", ["username": "anna", "password": "x"], .source),
            transport: server(count: 1_203))
        #expect(try await importer.ping() == "1 calendar, 1 address book of anna at 127.0.0.1 (1,204 objects)")
    }
}
