import ConnectorKit
import DAVClient
import DAVConnector
import HTTPTypes
import PeerPrograms
import Testing

/// Every kind of trouble at every request of a backup: the outcome is whole and identical, or it says that it is not.
/// Credentials never reach another host.
@Suite(.serialized) struct FaultTests {
    private typealias Fault = FaultProxy.Fault

    private static let faults: [FaultProxy.Fault] = [
        .drop, .dropAnswer, .truncate, .shorten, .delay(milliseconds: 30), .status(401), .status(403), .status(404),
        .status(412), .status(429, retryAfter: 0), .status(500), .status(503, retryAfter: 1), .status(507), .page,
        .omitResponses, .denyResponses(404), .denyResponses(403), .denyResponses(500), .garble, .redirectLoop,
        .redirectElsewhere, .hrefsElsewhere,
    ]

    @Test(arguments: faults)
    func everyFaultAtEveryRequest(fault: FaultProxy.Fault) async throws {
        let server = Self.server()
        let proxy = try FaultProxy(answering: { server.answer($0) })
        proxy.begin()
        let before = try await Self.backUp(proxy)
        #expect(before.isComplete && before.objects.count == 15)
        let count = proxy.requests.count
        Self.change(server)
        let after = try await Self.backUp(proxy)
        proxy.begin()
        #expect(try await Self.backUp(proxy, previous: before).objects == after.objects)
        let secondCount = proxy.requests.count
        for number in 0..<count { try await Self.judge(proxy, fault, number..<(number + 1), (nil, after)) }
        for number in 0..<secondCount { try await Self.judge(proxy, fault, number..<(number + 1), (before, after)) }
        // From some request on it never works again.
        for number in stride(from: 0, to: count, by: 2) {
            try await Self.judge(proxy, fault, number..<1_000, (nil, after))
        }
        proxy.stop()
    }

    /// - Parameter range: the numbers of the requests that the fault befalls.
    private static func judge(
        _ proxy: FaultProxy, _ fault: FaultProxy.Fault, _ range: Range<Int>,
        _ states: (before: Snapshot?, after: Snapshot)
    ) async throws {
        proxy.begin { range.contains($0.number) ? fault : nil }
        let what: Comment = "\(fault) at \(range), \(states.before == nil ? "first" : "second") backup"
        do {
            let snapshot = try await backUp(proxy, previous: states.before)
            let isKnown = { (path: String, bytes: [UInt8]) in
                states.after.objects[path] == bytes || states.before?.objects[path] == bytes
            }
            #expect(snapshot.objects.allSatisfy(isKnown), what)
            // A list that lies by leaving out members or changes cannot be seen through before the next full listing.
            if snapshot.isComplete, !liesUnseen(proxy, fault) {
                #expect(snapshot.objects == states.after.objects, what)
            }
        } catch let error as ConnectorError {
            #expect(!error.reason.isEmpty && !"\(error)".contains("s3cret"), what)
        }
        for head in proxy.strangerHeads { #expect(!head.lowercased().contains("authorization"), what) }
        #expect(proxy.requests.count < 300, what)
    }

    private static func liesUnseen(_ proxy: FaultProxy, _ fault: FaultProxy.Fault) -> Bool {
        guard [.omitResponses, .denyResponses(404)].contains(fault) else { return false }
        return proxy.requests.contains { request in
            guard request.fault != nil else { return false }
            return request.headers["depth"] == "1"
                || String(decoding: request.body, as: UTF8.self).contains("sync-collection")
        }
    }

    // MARK: Parts

    private static func backUp(_ proxy: FaultProxy, previous: Snapshot? = nil) async throws -> Snapshot {
        var settings = try settings(
            "dav+http://127.0.0.1:\(proxy.port)/", ["username": "user", "password": "s3cret"], .source)
        settings.clientOptions.retry.sleep = { _ in }
        let importer = try DAVImporter(settings, transport: HTTPTransport(), now: { noon })
        do {
            let snapshot = try await DAVConnectorTests.backUp(importer, previous: previous, concurrency: 1)
            await importer.close()
            return snapshot
        } catch {
            await importer.close()
            throw error
        }
    }

    private static func server() -> MemoryServer {
        let server = MemoryServer(.init(givesSyncTokens: true))
        server.addCalendar(
            "work",
            Dictionary(uniqueKeysWithValues: (0..<12).map { ("e\($0).ics", event("u\($0)", "SUMMARY:\($0)")) }))
        server.addBook("people", Dictionary(uniqueKeysWithValues: (0..<3).map { ("c\($0).vcf", card("c\($0)")) }))
        return server
    }

    private static func change(_ server: MemoryServer) {
        server.with { state in
            for number in 1...2 {
                let changed = Array(event("u\(number)", "SUMMARY:changed").utf8)
                state.store(changed, "/cal/work/", "e\(number).ics", "text/calendar")
            }
            state.store(Array(event("new").utf8), "/cal/work/", "new.ics", "text/calendar")
            state.collections["/cal/work/"]?.objects["e3.ics"] = nil
        }
    }
}

extension MemoryServer {
    /// For a proxy, which speaks HTTP to its client.
    func answer(_ request: FaultProxy.Request) -> FaultProxy.Answer? {
        guard let url = DAVURL("http://127.0.0.1\(request.target)") else { return nil }
        var headers = HTTPFields()
        for (name, value) in request.headers { if let name = HTTPField.Name(name) { headers[name] = value } }
        guard let method = HTTPRequest.Method(request.method) else { return nil }
        let answer = with {
            $0.answer(DAVClientRequest(method: method, url: url, headers: headers, body: request.body))
        }
        let fields = Dictionary(answer.headers.map { ($0.name.canonicalName, $0.value) }, uniquingKeysWith: { $1 })
        return FaultProxy.Answer(status: answer.status.code, headers: fields, body: answer.body)
    }
}
