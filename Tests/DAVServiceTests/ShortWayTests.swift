import CollectionStore
import DAVService
import HTTPTypes
import Logging
import Testing
import WebDAV

/// What is answered from memory is what would have been answered anyway.
@Suite struct ShortWayTests {
    private let path = calendar + "a%20b.ics"

    private func site() async throws -> Site {
        let site = try await Site()
        let body = Body.event(uid: "a", "DTSTART:20260101T100000Z", "SUMMARY:One")
        #expect(try await site.send(.put, path, body: body).status == 201)
        #expect(try await site.send(.get, path).status == 200)
        return site
    }

    @Test func bothWaysSayTheSame() async throws {
        let site = try await site()
        let tag = try #require(try await site.send(.get, path).etag)
        let conditions: [HTTPFields] = [
            [:], [.ifNoneMatch: tag], [.ifNoneMatch: "\"other\""], [.ifMatch: tag], [.ifNoneMatch: "*"],
            [.ifModifiedSince: "Fri, 01 Jan 2100 00:00:00 GMT"],
        ]
        for method in [HTTPRequest.Method.get, .head] {
            for headers in conditions {
                let request = DAVRequest(method: method, target: path, headers: headers)
                let short = try #require(site.service.respondAtOnce(to: request), "\(headers)")
                let long = await site.service.respond(to: request)
                #expect(short.status == long.status)
                #expect(short.headers == long.headers)
                #expect(try await short.collectBody() == (try await long.collectBody()))
            }
        }
    }

    @Test func whatIsNotUsualGoesTheLongWay() async throws {
        let site = try await site()
        func atOnce(_ method: HTTPRequest.Method, _ target: String, _ headers: HTTPFields = [:]) -> Bool {
            site.service.respondAtOnce(to: DAVRequest(method: method, target: target, headers: headers)) != nil
        }
        #expect(atOnce(.get, path))
        #expect(!atOnce(.get, calendar))
        #expect(!atOnce(.get, calendar + "none.ics"))
        #expect(!atOnce(.get, "/user/"))
        #expect(!atOnce(.get, "/user/../" + path))
        #expect(!atOnce(.put, path))
        #expect(!atOnce(.get, path, [.ifMatch: "\"other\""]))
        #expect(!atOnce(.get, path, [.calDAVTimezones: "F"]))
    }

    @Test func changesAreSeenAtOnce() async throws {
        let site = try await site()
        let body = Body.event(uid: "a", "DTSTART:20260101T100000Z", "SUMMARY:Two")
        let tag = try await site.send(.put, path, body: body).etag
        let request = DAVRequest(method: .get, target: path)
        if let short = site.service.respondAtOnce(to: request) { #expect(short.headers[.eTag] == tag) }
        #expect(try await site.send(.delete, path).status == 204)
        #expect(site.service.respondAtOnce(to: request) == nil)
    }

    @Test func nobodyReadsWhatIsNotTheirs() async throws {
        let site = try await Site(DAVOptions(autocreate: .defaults))
        let own = "/anna/calendars/calendar/a.ics"
        let body = Body.event(uid: "a", "DTSTART:20260101T100000Z")
        #expect(try await site.send(.put, own, body: body, user: "anna").status == 201)
        #expect(try await site.send(.get, own, user: "anna").status == 200)
        func atOnce(_ user: String?) -> DAVResponse? {
            site.service.respondAtOnce(to: DAVRequest(method: .get, target: own, user: user))
        }
        // What others share is looked up anew from time to time, and until then the long way is taken.
        var mine: DAVResponse?
        for _ in 0..<50 where mine == nil {
            #expect(try await site.send(.get, own, user: "anna").status == 200)
            mine = atOnce("anna")
        }
        #expect(mine != nil)
        #expect(atOnce("bob") == nil)
        #expect(atOnce(nil) == nil)
    }
}
