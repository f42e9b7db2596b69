import ConnectorKit
import DAVClient
import DAVConnector
import PeerPrograms
import Testing
import WebDAV
import XMLStream

/// Every kind of trouble at every request of a restore: everything is there, or it is said what is not; what was there
/// before stays; the next run completes it without a double. Credentials never reach another host.
@Suite(.serialized) struct RestoreFaultTests {
    private static let faults: [FaultProxy.Fault] = [
        .drop, .dropAnswer, .truncate, .shorten, .delay(milliseconds: 5), .status(401), .status(403), .status(404),
        .status(409), .status(412), .status(429, retryAfter: 0), .status(500), .status(503, retryAfter: 1),
        .status(507), .page, .omitResponses, .denyResponses(404), .denyResponses(403), .garble, .redirectLoop,
        .redirectElsewhere, .hrefsElsewhere,
    ]

    private static let expected: [String: [UInt8]] = {
        var objects: [String: [UInt8]] = [:]
        for number in 0..<5 { objects["/calendars/work/e\(number).ics"] = Array(event("u\(number)").utf8) }
        objects["/addressbooks/people/anna.vcf"] = Array(card("anna").utf8)
        return objects
    }()

    private static func snapshot() async throws -> Snapshot {
        let server = MemoryServer()
        server.addCalendar(
            "work", properties: [XMLElement(.displayname, text: "Work"), XMLElement(.calendarColor, text: "#112233")],
            Dictionary(uniqueKeysWithValues: (0..<5).map { ("e\($0).ics", event("u\($0)")) }))
        server.addBook("people", ["anna.vcf": card("anna")])
        return try await backUp(server)
    }

    @Test(arguments: faults)
    func everyFaultAtEveryRequestOfANewCalendar(fault: FaultProxy.Fault) async throws {
        try await Self.everyRequest(fault, mode: "new") { server in
            server.addCalendar("mine", ["mine.ics": event("mine")])
        }
    }

    @Test(arguments: faults)
    func everyFaultAtEveryRequestOfAnExactRestore(fault: FaultProxy.Fault) async throws {
        try await Self.everyRequest(fault, mode: "exact") { server in
            server.addCalendar("mine", ["mine.ics": event("mine")])
            server.addCalendar(
                "work", ["e0.ics": event("u0"), "e1.ics": event("u1", "SUMMARY:else"), "extra.ics": event("extra")])
        }
    }

    private static func everyRequest(
        _ fault: FaultProxy.Fault, mode: String, _ prepare: (MemoryServer) -> Void
    ) async throws {
        let snapshot = try await snapshot()
        let box = Collector<MemoryServer>()
        let proxy = try FaultProxy(answering: { box.all.last?.answer($0) })
        func fresh() -> MemoryServer {
            let server = MemoryServer()
            prepare(server)
            box.add(server)
            return server
        }
        _ = fresh()
        proxy.begin()
        _ = try await restore(snapshot, proxy, mode)
        let count = proxy.requests.count
        #expect(count > 12)
        let ranges = (0..<count).map { $0..<($0 + 1) } + stride(from: 0, to: count, by: 5).map { $0..<10_000 }
        for range in ranges {
            let server = fresh()
            proxy.begin { range.contains($0.number) ? fault : nil }
            let what: Comment = "\(fault) at \(range), mode \(mode)"
            let isWhole = try await judge(snapshot, proxy, server, mode, what)
            guard !isWhole else { continue }
            // What a person does next.
            proxy.begin()
            let again = try await restore(snapshot, proxy, mode)
            #expect(again.failures.isEmpty, what)
            expectEverything(on: server, again, what)
            #expect(again.outlines.allSatisfy { $0.failed == 0 }, what)
        }
        proxy.stop()
    }

    /// - Returns: whether the restore ended, with everything in its place.
    private static func judge(
        _ snapshot: Snapshot, _ proxy: FaultProxy, _ server: MemoryServer, _ mode: String, _ what: Comment
    ) async throws -> Bool {
        defer {
            #expect(server.object("/cal/mine/", "mine.ics") == Array(event("mine").utf8), what)
            for head in proxy.strangerHeads { #expect(!head.lowercased().contains("authorization"), what) }
            #expect(proxy.requests.count < 300, what)
        }
        do {
            let result = try await restore(snapshot, proxy, mode)
            let isSaid = result.events.contains { if case .incomplete = $0 { true } else { false } }
            guard result.failures.isEmpty, !isSaid else { return false }
            expectEverything(on: server, result, what)
            return true
        } catch let error as ConnectorError {
            #expect(!error.reason.isEmpty && !"\(error)".contains("s3cret"), what)
            return false
        }
    }

    /// Each object is there; once, unless an earlier run was told to have left something out.
    private static func expectEverything(on server: MemoryServer, _ result: RestoreResult, _ what: Comment) {
        for outline in result.outlines {
            let isBook = outline.directory.isWithin("/addressbooks")
            let wanted = expected.filter { $0.key.hasPrefix(isBook ? "/addressbooks" : "/calendars") }
            let objects = server.with { $0.collections[outline.place]?.objects.mapValues(\.bytes) } ?? [:]
            for (path, bytes) in wanted {
                let name = path.split(separator: "/").last.map(String.init) ?? ""
                #expect(objects[name] == bytes, what)
            }
            let name = server.with { $0.collections[outline.place]?.properties.first { $0.name == .displayname }?.text }
            // A name that the server did not take is told.
            let isRight = !(name ?? "").contains("(restoring")
            #expect(isRight || result.words.contains("name"), what)
        }
        #expect(Set(result.outlines.map(\.directory.description)) == ["/calendars/work", "/addressbooks/people"], what)
    }

    private static func restore(_ snapshot: Snapshot, _ proxy: FaultProxy, _ mode: String) async throws -> RestoreResult
    {
        var settings = try settings(
            "dav+http://127.0.0.1:\(proxy.port)/", ["username": "user", "password": "s3cret", "mode": mode],
            .destination)
        settings.clientOptions.retry.sleep = { _ in }
        let exporter = try DAVExporter(settings, transport: HTTPTransport())
        do {
            let result = try await DAVConnectorTests.restore(snapshot, to: exporter, concurrency: 1)
            await exporter.close()
            return result
        } catch {
            await exporter.close()
            throw error
        }
    }
}
