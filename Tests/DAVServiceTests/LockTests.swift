import DAVService
import HTTPTypes
import Testing
import WebDAV
import XMLStream

/// LOCK, UNLOCK and what locks keep from happening (RFC 4918, 6, 7, 9.10, 10.4).
@Suite struct LockTests {
    private let folder = "/user/calendars/files/"

    private func site() async throws -> Site {
        let site = try await Site()
        #expect(try await site.send(.mkcol, folder).status == 201)
        return site
    }

    private func info(_ scope: String = "exclusive") -> String {
        "<lockinfo xmlns='DAV:'><lockscope><\(scope)/></lockscope><locktype><write/></locktype>"
            + "<owner><href>mailto:ada@example.org</href></owner></lockinfo>"
    }

    private func lock(
        _ site: Site, _ target: String, _ scope: String = "exclusive", depth: String = "0", user: String? = nil
    ) async throws -> (status: Int, token: String) {
        let answer = try await site.send(.lock, target, [.depth: depth], body: info(scope), user: user)
        return (answer.status, answer.headers[.lockToken] ?? "")
    }

    @Test func aLockedMemberIsChangedOnlyWithTheToken() async throws {
        let site = try await site()
        let file = folder + "a.txt"
        #expect(try await site.send(.put, file, body: "one").status == 201)
        let (status, token) = try await lock(site, file)
        #expect(status == 200 && token.hasPrefix("<urn:uuid:"))
        for method in [HTTPRequest.Method.put, .delete, .proppatch] {
            let answer = try await site.send(method, file, body: "two")
            #expect(answer.status == 423)
            #expect(answer.condition == "{DAV:}lock-token-submitted")
        }
        #expect(try await site.send(.move, file, [.destination: folder + "b.txt"]).status == 423)
        #expect(try await site.send(.put, folder + "b.txt", body: "b").status == 201)
        #expect(try await site.send(.copy, folder + "b.txt", [.destination: file]).status == 423)
        #expect(try await site.send(.copy, file, [.destination: folder + "c.txt"]).status == 201, "copying reads")
        #expect(try await site.send(.put, file, [.if: "(\(token))"], body: "two").status == 204)
        #expect(try await site.send(.put, file, [.if: "(<urn:uuid:other>)"], body: "x").status == 412)
        #expect(try await site.send(.put, file, [.if: "(Not <DAV:no-lock>)"], body: "x").status == 423)
        let discovery = try await site.propfind(file, "<lockdiscovery/><supportedlock/>")[file]
        let active = discovery?.property(.lockdiscovery)?.first(.activelock)
        #expect(active?.first(.locktoken)?.first(.href)?.text == String(token.dropFirst().dropLast()))
        #expect(active?.first(.lockroot)?.first(.href)?.text == file)
        #expect(active?.first(.owner)?.first(.href)?.text == "mailto:ada@example.org")
        #expect(discovery?.property(.supportedlock)?.all(.lockentry).count == 2)
        #expect(try await site.send(.unlock, file).status == 400)
        #expect(try await site.send(.unlock, file, [.lockToken: "<urn:uuid:other>"]).status == 409)
        #expect(try await site.send(.unlock, folder, [.lockToken: token]).status == 409)
        #expect(try await site.send(.unlock, file, [.lockToken: token]).status == 204)
        #expect(try await site.send(.put, file, body: "three").status == 204)
        #expect(try await site.send(.put, file, [.if: "(\(token))"], body: "x").status == 412, "the lock is gone")
    }

    @Test func sharedLocksStandBesideEachOther() async throws {
        let site = try await site()
        let file = folder + "a.txt"
        _ = try await site.send(.put, file, body: "one")
        let (first, second) = (try await lock(site, file, "shared"), try await lock(site, file, "shared"))
        #expect(first.status == 200 && second.status == 200 && first.token != second.token)
        let refused = try await site.send(.lock, file, [.depth: "0"], body: info())
        #expect(refused.status == 423)
        #expect(refused.condition == "{DAV:}no-conflicting-lock")
        #expect(try await site.send(.put, file, body: "x").status == 423)
        #expect(try await site.send(.put, file, [.if: "(\(second.token))"], body: "two").status == 204)
    }

    @Test func aDeepLockCoversWhatComesLater() async throws {
        let site = try await site()
        _ = try await site.send(.put, folder + "a.txt", body: "one")
        #expect(try await site.send(.mkcol, folder + "inner/").status == 201)
        let (status, token) = try await lock(site, folder, depth: "infinity")
        #expect(status == 200)
        for target in ["a.txt", "new.txt", "inner/deep.txt"] {
            #expect(try await site.send(.put, folder + target, body: "x").status == 423, "\(target)")
        }
        #expect(try await site.send(.mkcol, folder + "more/").status == 423)
        #expect(try await site.send(.lock, folder + "a.txt", body: info()).status == 423)
        let tagged: HTTPFields = [.if: "<\(folder)> (\(token))"]
        #expect(try await site.send(.put, folder + "inner/deep.txt", tagged, body: "x").status == 201)
        #expect(try await site.send(.delete, folder + "a.txt", [.if: "(\(token))"]).status == 204)
        let refreshed = try await site.send(
            .lock, folder + "inner/deep.txt", [.if: "(\(token))", .timeout: "Second-77"])
        #expect(refreshed.status == 200)
        let timeout = try XMLElement(parsing: refreshed.body).first(.lockdiscovery)?.first(.activelock)?.first(.timeout)
        #expect(["Second-77", "Second-76"].contains(timeout?.text))
        #expect(try await site.send(.lock, folder).status == 412, "a refresh names its lock")
        #expect(try await site.send(.delete, folder, tagged).status == 204)
        #expect(try await site.send(.mkcol, folder).status == 201, "locks end with what they were on")
    }

    @Test func aShallowLockOfACollectionKeepsItsList() async throws {
        let site = try await site()
        _ = try await site.send(.put, folder + "a.txt", body: "one")
        let (_, token) = try await lock(site, folder)
        #expect(try await site.send(.put, folder + "a.txt", body: "two").status == 204)
        #expect(try await site.send(.put, folder + "b.txt", body: "x").status == 423)
        #expect(try await site.send(.delete, folder + "a.txt").status == 423)
        #expect(try await site.send(.put, folder + "b.txt", [.if: "<\(folder)> (\(token))"], body: "x").status == 201)
        // One that lies below stands in the way of a deep one.
        _ = try await site.send(.unlock, folder, [.lockToken: token])
        #expect(try await lock(site, folder + "b.txt").status == 200)
        let deep = try await site.send(.lock, folder, [.depth: "infinity"], body: info())
        #expect(deep.status == 207)
        #expect(try deep.multistatus[folder + "b.txt"]?.status?.code == 423)
        #expect(try deep.multistatus[folder]?.status?.code == 424)
    }

    @Test func aNameCanBeLockedBeforeThereIsAnything() async throws {
        let site = try await site()
        let (status, token) = try await lock(site, folder + "new.txt")
        #expect(status == 201)
        #expect(try await site.send(.get, folder + "new.txt").body == [])
        #expect(try await site.send(.put, folder + "new.txt", [.if: "(\(token))"], body: "x").status == 204)
        // Nothing empty can be in a calendar; the name is kept free.
        let event = Body.event(uid: "a", "DTSTART:20260101T100000Z")
        let reserved = try await lock(site, calendar + "a.ics")
        #expect(reserved.status == 200)
        #expect(try await site.send(.get, calendar + "a.ics").status == 404)
        #expect(try await site.send(.put, calendar + "a.ics", body: event).status == 423)
        #expect(try await site.send(.put, calendar + "a.ics", [.if: "(\(reserved.token))"], body: event).status == 201)
        #expect(try await lock(site, "/user/none/a").status == 409)
        #expect(try await lock(site, "/user/a").status == 403)
    }

    @Test func conditionsAreJoinedAsTheyStand() async throws {
        let site = try await site()
        let file = folder + "a.txt"
        let tag = try #require(try await site.send(.put, file, body: "one").etag)
        let (_, token) = try await lock(site, file)
        func put(_ condition: String) async throws -> Int {
            // The same content, so that the tag stays.
            try await site.send(.put, file, [.if: condition], body: "one").status
        }
        #expect(try await put("(\(token) [\(tag)])") == 204)
        #expect(try await put("(\(token) [\"other\"])") == 412)
        #expect(try await put("(\(token) [\"other\"]) (Not <DAV:no-lock> [\(tag)])") == 204)
        #expect(try await put("(\(token)) (Not <DAV:no-lock> [\"other\"])") == 204)
        #expect(try await put("<\(file)> (\(token) [\(tag)])") == 204)
        #expect(try await put("(<DAV:no-lock>) ([\(tag)])") == 423)
        #expect(try await put("(\(token)") == 400)
    }

    @Test(arguments: ["<x xmlns='DAV:'/>", "<lockinfo xmlns='DAV:'/>", "nonsense"])
    func badBodiesAreRefused(body: String) async throws {
        #expect(try await site().send(.lock, folder, body: body).status == 400)
    }

    @Test func theTokenIsOfUseToItsOwnerOnly() async throws {
        let site = try await Site(DAVOptions(autocreate: .defaults))
        let shared = "/ada/calendars/calendar/"
        _ = try await site.send(.propfind, "/bob/", user: "bob")
        let event = Body.event(uid: "a", "DTSTART:20260101T100000Z")
        _ = try await site.send(.put, shared + "a.ics", body: event, user: "ada")
        #expect(
            try await site.send(.acl, shared, body: Body.acl("/bob/", "<read/>", "<write/>"), user: "ada").status == 200
        )
        let (status, token) = try await lock(site, shared + "a.ics", user: "bob")
        #expect(status == 200)
        #expect(
            try await site.send(.put, shared + "a.ics", [.if: "(\(token))"], body: event, user: "ada").status == 423)
        #expect(try await site.send(.unlock, shared + "a.ics", [.lockToken: token], user: "carol").status == 403)
        #expect(
            try await site.send(.unlock, shared + "a.ics", [.lockToken: token], user: "ada").status == 204,
            "owners break locks")
    }
}
