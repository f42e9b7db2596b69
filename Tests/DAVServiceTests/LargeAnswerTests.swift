import CollectionStore
import DAVService
import HTTPTypes
import Testing
import WebDAV
import XMLStream

/// Answers that are sent while they are made, and the prepared responses that long lists are made of.
@Suite struct LargeAnswerTests {
    private static let count = 40

    /// A calendar of objects that together are larger than what is sent as a whole.
    private func site(_ options: DAVOptions? = nil) async throws -> Site {
        let site = try await Site(options)
        for number in 0..<Self.count {
            let text = String(repeating: "All & everything <\(number)>. ", count: 400)
            let body = Body.event(uid: "\(number)", "DTSTART:20260101T100000Z", "DESCRIPTION:" + text)
            #expect(try await site.send(.put, "\(calendar)\(number).ics", body: body).status == 201)
        }
        return site
    }

    private var hrefs: [String] { (0..<Self.count).map { "\(calendar)\($0).ics" } }

    private func isStreamed(_ site: Site, _ method: HTTPRequest.Method, _ body: String) async throws -> Bool {
        let response = await site.service.respond(
            to: DAVRequest(method: method, target: calendar, headers: [.depth: "1"], body: Array(body.utf8)))
        #expect(response.status == .multistatus)
        if case .stream = response.body { return true }
        return false
    }

    @Test func nothingIsLostBetweenThePieces() async throws {
        let site = try await site()
        let body = Body.multiget(hrefs)
        #expect(try await isStreamed(site, .report, body))
        #expect(try await !isStreamed(site, .report, Body.multiget(Array(hrefs.prefix(3)))))
        let all = try await site.report(calendar, body: body).multistatus
        #expect(all.responses.map { $0.hrefs.first } == hrefs)
        for (number, response) in all.responses.enumerated() {
            let text = response.text(.calendarData)
            #expect(text == (try await site.send(.get, "\(calendar)\(number).ics")).text)
        }
        let expand =
            "<getetag/><C:calendar-data><C:expand start=\"20260101T000000Z\" end=\"20260102T000000Z\"/></C:calendar-data>"
        let query = Body.query(Body.range("20260101T000000Z", "20260102T000000Z"), properties: expand)
        #expect(try await isStreamed(site, .report, query))
        let found = try await site.report(calendar, body: query).multistatus
        #expect(found.names == all.names)
        #expect(found.responses.allSatisfy { $0.text(.calendarData)?.contains("All & everything <") == true })
    }

    @Test func aLimitThatIsReachedInTheMiddleIsToldAtTheEnd() async throws {
        let site = try await site(
            DAVOptions(
                singleUserPrincipal: try CollectionPath("/user/"), autocreate: .defaults, maxAnswerSize: 330_000))
        let answer = try await site.report(calendar, body: Body.multiget(hrefs))
        #expect(answer.status == 207)
        let responses = try answer.multistatus.responses
        #expect((1..<Self.count).contains(responses.count - 1))
        #expect(responses.last?.hrefs == [calendar])
        #expect(responses.last?.status?.code == 507)
        #expect(responses.dropLast().allSatisfy { $0.text(.calendarData) != nil })
    }

    /// A list that a client takes for complete must not end early.
    @Test func aSynchronisationIsCompleteOrBrokenOff() async throws {
        let site = try await site(
            DAVOptions(
                singleUserPrincipal: try CollectionPath("/user/"), autocreate: .defaults, maxAnswerSize: 330_000))
        let body =
            "<sync-collection \(Body.namespaces)><sync-token/><sync-level>1</sync-level><prop><C:calendar-data/></prop>"
            + "</sync-collection>"
        await #expect(throws: DAVError.self) { try await site.report(calendar, body: body) }
    }

    /// A member with a property of its own is asked by itself; all else must be as it is in the list of all.
    @Test(arguments: [
        "<prop><getetag/><getcontentlength/><getlastmodified/><getcontenttype/><resourcetype/><supportedlock/><owner/>"
            + "<current-user-privilege-set/><C:schedule-tag/><displayname/><Z:none/></prop>",
        "<prop><getetag/><resourcetype/><C:calendar-color/><Z:none/></prop>", "<allprop/>",
        "<allprop/><include><current-user-principal/><Z:none/></include>", "<propname/>",
    ])
    func preparedResponsesSayTheSame(selection: String) async throws {
        let site = try await Site()
        for name in ["a", "b", "c d"] {
            let body = Body.event(uid: name, "DTSTART:20260101T100000Z")
            let path = "\(calendar)\(name == "c d" ? "c%20d" : name).ics"
            #expect(try await site.send(.put, path, body: body).status == 201)
        }
        func list(_ prefer: String? = nil) async throws -> Multistatus {
            var headers: HTTPFields = [.depth: "1"]
            if let prefer { headers[.prefer] = prefer }
            let body = "<propfind \(Body.namespaces)>\(selection)</propfind>"
            return try await site.send(.propfind, calendar, headers, body: body).multistatus
        }
        let (full, minimal) = (try await list(), try await list("return=minimal"))
        let set = "<set><prop><Z:own>1</Z:own></prop></set>"
        for name in ["a.ics", "c%20d.ics"] {
            #expect(try await site.send(.proppatch, calendar + name, body: Body.proppatch(set)).status == 207)
        }
        let (fullAfter, minimalAfter) = (try await list(), try await list("return=minimal"))
        for (before, after) in [(full, fullAfter), (minimal, minimalAfter)] {
            for name in ["a.ics", "b.ics", "c%20d.ics"] {
                let old = try #require(before[calendar + name])
                let new = try #require(after[calendar + name])
                #expect(known(old) == known(new), "\(name)")
            }
        }
    }

    /// Names and values by status, without the property that was set, and without what changes with a commit.
    private func known(_ response: MultistatusResponse) -> [Int: [XMLElement]] {
        var result: [Int: [XMLElement]] = [:]
        for propstat in response.propstats {
            result[propstat.status.code] = propstat.properties.filter { $0.name != XMLName("urn:z", "own") }
        }
        return result
    }
}
