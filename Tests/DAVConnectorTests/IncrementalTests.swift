import ConnectorKit
import DAVClient
import DAVConnector
import Foundation
import HTTPTypes
import Testing
import WebDAV
import XMLStream

/// A second backup asks for what has changed and for nothing else; the numbers are those of connectors.md, section 1.5.
@Suite struct IncrementalTests {
    private static let tokens = MemoryServer.Habits(givesSyncTokens: true)

    private func server(_ habits: MemoryServer.Habits = tokens, count: Int = 40) -> MemoryServer {
        let server = MemoryServer(habits)
        server.addCalendar(
            "work",
            Dictionary(
                uniqueKeysWithValues: (0..<count).map { ("e\($0).ics", event("uid-\($0)", "SUMMARY:Event \($0)")) }))
        return server
    }

    /// One event changes, one goes, two come.
    private func disturb(_ server: MemoryServer) {
        server.with { state in
            state.store(Array(event("uid-3", "SUMMARY:Moved").utf8), "/cal/work/", "e3.ics", "text/calendar")
            state.store(Array(event("new-1").utf8), "/cal/work/", "new%201.ics", "text/calendar")
            state.store(Array(event("new-2").utf8), "/cal/work/", "aaa.ics", "text/calendar")
            state.collections["/cal/work/"]?.objects["e5.ics"] = nil
        }
    }

    private func expectSame(_ snapshot: Snapshot, as server: MemoryServer) {
        let stored = server.with { $0.collections["/cal/work/"]?.objects.mapValues(\.bytes) } ?? [:]
        #expect(snapshot.isComplete, "\(snapshot.errors) \(snapshot.gaps)")
        #expect(snapshot.objects.count == stored.count)
        for (name, bytes) in stored {
            let file = MemberName.name(forSegment: name, ending: "ics")
            #expect(snapshot.objects["/calendars/work/\(file)"] == bytes, "\(name)")
        }
    }

    /// Requests to the calendar itself and to what is in it.
    private func requests(_ server: MemoryServer) -> Int {
        server.requests.count { $0.url.path.hasPrefix("/cal/work/") }
    }

    @Test(arguments: [tokens, .init(), .init(givesChangeTags: false, givesSyncTokens: true)])
    func point18_tenThousandUnchangedEventsCostNothing(habits: MemoryServer.Habits) async throws {
        let server = server(habits, count: 10_000)
        let first = try await backUp(server)
        server.forgetRequests()
        let second = try await backUp(server, previous: first)
        #expect(requests(server) == 0)
        #expect(server.requests.count <= 9, "finding the account")
        #expect(second.unread.count == 10_000)
        #expect(second.files == first.files && second.infos == first.infos)
    }

    @Test func point18_changesComeByToken() async throws {
        let server = server()
        var last = try await backUp(server)
        for _ in 0..<2 {
            disturb(server)
            server.forgetRequests()
            let next = try await backUp(server, previous: last)
            expectSame(next, as: server)
            #expect(requests(server) <= 3)
            #expect(!server.requests.contains { $0.url.path == "/cal/work/" && $0.headers[.depth] == "1" })
            server.with { state in
                state.store(Array(event("uid-5").utf8), "/cal/work/", "e5.ics", "text/calendar")
                state.collections["/cal/work/"]?.objects["aaa.ics"] = nil
                state.collections["/cal/work/"]?.objects["new%201.ics"] = nil
            }
            last = try await backUp(server, previous: next)
            expectSame(last, as: server)
        }
    }

    @Test func point18_aLongAnswerIsReadToItsEnd() async throws {
        let server = server(.init(givesSyncTokens: true, syncLimit: 1))
        let first = try await backUp(server)
        disturb(server)
        server.forgetRequests()
        expectSame(try await backUp(server, previous: first), as: server)
        #expect(server.count("REPORT") >= 4)
    }

    @Test(arguments: [400, 403, 404, 409, 410, 412, 415, 501, 507])
    func point18_anInvalidTokenFallsBackToAListing(code: Int) async throws {
        let server = server()
        let first = try await backUp(server)
        disturb(server)
        server.with { state in
            state.fault = { request, _ in
                let isSync = String(decoding: request.body, as: UTF8.self).contains("sync-collection")
                return isSync ? .status(code) : nil
            }
        }
        expectSame(try await backUp(server, previous: first), as: server)
    }

    @Test func point18_answersThatCannotBeTrustedFallBackToAListing() async throws {
        // Lists everything for any token, and so says nothing about what is gone.
        let forgetful = server(.init(givesSyncTokens: true, forgetsTokens: true))
        let first = try await backUp(forgetful)
        disturb(forgetful)
        expectSame(try await backUp(forgetful, previous: first), as: forgetful)

        // Says "there is more" for ever; gives no token; answers with a web page.
        let part = "<response><href>/cal/work/</href><status>HTTP/1.1 507 x</status></response>"
        for body in [
            "<multistatus xmlns=\"DAV:\">\(part)<sync-token>t:0</sync-token></multistatus>",
            "<multistatus xmlns=\"DAV:\"></multistatus>", "<html></html>",
        ] {
            let server = server()
            let first = try await backUp(server)
            disturb(server)
            server.with { state in
                state.fault = { request, _ in
                    let isSync = String(decoding: request.body, as: UTF8.self).contains("sync-collection")
                    return isSync ? .status(207, [:], Array(body.utf8)) : nil
                }
            }
            expectSame(try await backUp(server, previous: first), as: server)
        }
    }

    @Test func point18_theTokenOfAnIncompleteSnapshotIsNotBelieved() async throws {
        let server = server()
        server.with { state in
            state.fault = { request, _ in
                request.method.rawValue == "REPORT" || request.url.path == "/cal/work/e7.ics" ? .status(500) : nil
            }
        }
        let first = try await backUp(server)
        #expect(first.errors.keys.map(\.description) == ["/calendars/work/e7.ics"])
        server.with { $0.fault = nil }
        let second = try await backUp(server, previous: first)
        expectSame(second, as: server)
        #expect(second.unread.count == 39, "only the missing one was read")
    }

    @Test func point18_theWholeListIsVerifiedEveryWeek() async throws {
        let server = server()
        let first = try await backUp(server)
        // The server changes something and does not say so.
        server.with { state in
            state.store(Array(event("uid-3", "SUMMARY:Secret").utf8), "/cal/work/", "e3.ics", "text/calendar")
            let etags = state.collections["/cal/work/"]?.objects.mapValues(\.etag) ?? [:]
            state.collections["/cal/work/"]?.states = [etags]
        }
        let second = try await backUp(server, previous: first, days: 6)
        #expect(second.objects == first.objects)
        expectSame(try await backUp(server, previous: second, days: 7), as: server)
    }

    @Test func point13_everythingIsReadOnceInAMonth() async throws {
        let server = server()
        let first = try await backUp(server)
        // The bytes change, the ETag does not.
        server.with { $0.collections["/cal/work/"]?.objects["e3.ics"]?.bytes = Array(event("uid-3", "X-A:1").utf8) }
        let second = try await backUp(server, previous: first, days: 29)
        #expect(second.objects == first.objects)
        let third = try await backUp(server, previous: second, days: 30)
        expectSame(third, as: server)
        server.forgetRequests()
        _ = try await backUp(server, previous: third, days: 31)
        #expect(requests(server) == 0)
        _ = try await backUp(server, previous: second, options: ["full_days": "0"], days: 60)
        #expect(server.count("GET") == 0, "only listed")
    }

    @Test func point13_objectsWithoutETagAreAlwaysRead() async throws {
        let server = server(.init(givesETags: false, givesSyncTokens: true))
        let first = try await backUp(server)
        server.with { $0.collections["/cal/work/"]?.objects["e3.ics"]?.bytes = Array(event("uid-3", "X-A:1").utf8) }
        expectSame(try await backUp(server, previous: first), as: server)
    }

    /// With a new DTSTAMP, and the other properties in another order, for every reader.
    private static let restless: @Sendable ([UInt8], Int) -> [UInt8] = { bytes, reading in
        var lines = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n")
        guard let stamp = lines.firstIndex(where: { $0.hasPrefix("DTSTAMP") }), stamp + 2 < lines.count else {
            return bytes
        }
        lines[stamp] = "DTSTAMP:20250101T\(100_000 + reading)Z"
        if reading % 2 == 1 { lines.swapAt(stamp, stamp + 1) }
        return Array(lines.joined(separator: "\r\n").utf8)
    }

    @Test(arguments: [
        MemoryServer.Habits(givesLengths: false, rewriteOnReading: restless),
        .init(givesLengths: false, givesETags: false, rewriteOnReading: restless),
    ])
    func point13_whatIsWrittenAnewForEachReaderHasNotChanged(habits: MemoryServer.Habits) async throws {
        let server = server(habits)
        let first = try await backUp(server)
        let second = try await backUp(server, previous: first, options: ["full": "true"])
        #expect(second.isComplete && second.objects == first.objects)
        #expect(second.infos == first.infos, "the host takes none for a changed one")
        #expect(second.unread.count == first.objects.count)
        #expect(
            second.files[BytePath("/calendars/work/.objects.json")]
                == first.files[BytePath("/calendars/work/.objects.json")])
        // A real change beside all that is one.
        server.with {
            $0.store(Array(event("uid-3", "SUMMARY:Event 7").utf8), "/cal/work/", "e3.ics", "text/calendar")
        }
        let third = try await backUp(server, previous: second, options: ["full": "true"])
        #expect(third.text("/calendars/work/e3.ics")?.contains("Event 7") == true)
        let different = third.objects.filter { $0.value != second.objects[$0.key] }.keys
        #expect(different.map { $0 } == ["/calendars/work/e3.ics"])

        // Nor does a restore make a second copy of what is there, or replace it each time.
        let target = MemoryServer(.init(rewriteOnReading: Self.restless))
        _ = try await restore(first, to: target)
        target.forgetRequests()
        for mode in ["new", "overwrite"] {
            let again = try await restore(first, to: target, options: ["mode": mode])
            #expect(again.outlines.allSatisfy { $0.unchanged == 40 && $0.differences.isEmpty }, "\(again.outlines)")
        }
        #expect(target.count("PUT") == 0 && target.count("MKCALENDAR") == 0)
    }

    @Test func aBackupThatBrokeOffIsResumed() async throws {
        let server = server(count: 200)
        server.with { state in
            state.fault = { request, state in
                let batches = state.requests.count { $0.method.rawValue == "REPORT" }
                return request.method.rawValue == "REPORT" && batches > 2 ? .status(401) : nil
            }
        }
        let first = try await backUp(server, concurrency: 1, keepsPartial: true)
        #expect(first.objects.count == 150 && !first.isComplete, "batches of 50 and 100")
        server.with { $0.fault = nil }
        server.forgetRequests()
        let second = try await backUp(server, previous: first)
        expectSame(second, as: server)
        #expect(second.unread.count == 150)
    }

    @Test func whatTheUserLeavesOutIsNotAskedFor() async throws {
        let server = server()
        server.addCalendar("noise", ["n.ics": event("n")])
        let importer = try DAVImporter(settings("dav+http://127.0.0.1/", [:], .source), transport: server)
        let names = Collector<String>()
        var context = ConnectorContext()
        context.excludes = { path, _ in path.description.hasSuffix("/noise") || path.description.hasSuffix("/e1.ics") }
        try await importer.importRecords(context) { names.add($0.path.description) }
        #expect(!names.all.contains { $0.contains("noise") || $0.hasSuffix("/e1.ics") })
        #expect(!server.requests.contains { $0.url.path.hasPrefix("/cal/noise/") })
    }

    @Test func point09_manySmallLossesAreOneLarge() async throws {
        let server = MemoryServer()
        for number in 0..<6 {
            let events = (0..<2).map { ("\($0).ics", event("\(number)-\($0)")) }
            server.addCalendar("c\(number)", Dictionary(uniqueKeysWithValues: events))
        }
        let first = try await backUp(server)
        server.with { state in
            for number in 0..<5 {
                state.collections["/cal/c\(number)/"]?.objects = [:]
                state.collections["/cal/c\(number)/"]?.changes += 1
            }
        }
        let second = try await backUp(server, previous: first)
        #expect(second.gaps.contains { $0.contains("10 of the 12 objects") })
    }

    @Test func point09_aServerThatOnlyFailsIsNotAskedTenThousandTimes() async throws {
        let server = server(count: 2_000)
        server.with { state in
            state.fault = { request, _ in
                guard request.method.rawValue == "REPORT" || request.url.path.hasSuffix(".ics") else { return nil }
                return .status(200, [.contentType: "text/html"], Array("<html>Log in</html>".utf8))
            }
        }
        let snapshot = try await backUp(server)
        #expect(snapshot.objects.isEmpty && snapshot.errors.count == 2_000)
        #expect(server.requests.count < 100)
    }
}
