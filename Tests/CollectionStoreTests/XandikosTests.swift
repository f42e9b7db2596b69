import CollectionStore
import Foundation
import PeerPrograms
import Testing

/// A directory goes from Xandikos to us and back, and nothing is lost on the way.
@Suite(.serialized) struct XandikosTests {
    private let author = ChangeAuthor(user: "ada", userAgent: "Tests/1.0")

    @Test func defaultsAreTheSame() async throws {
        let (theirs, ours) = (try TemporaryFolder(), try TemporaryFolder())
        guard let server = try await PeerServer.start(.xandikos, in: theirs.path) else {
            print("Xandikos is not installed here: run make test")
            return
        }
        await server.stop()
        let storage = try GitCollectionStorage(root: ours.path)
        try await storage.createDefaults(principal: CollectionPath("/user"), by: ChangeAuthor())
        func listing(_ folder: TemporaryFolder) async throws -> [String] {
            let result = try await run(
                "/usr/bin/find", [".", "-path", "*/objects/*", "-prune", "-o", "-print"], in: folder.path)
            // git keeps a reflog for the branch as well, Xandikos only for HEAD.
            return result.text.split(separator: "\n").map(String.init)
                .filter { !$0.contains("/logs/refs") }.sorted()
        }
        #expect(try await listing(theirs) == listing(ours))
        let paths = ["calendars/calendar", "contacts/addressbook", "inbox", "outbox"]
        for path in paths {
            let trees = try await [theirs, ours].asyncMap { folder in
                let git = GitProgram(in: folder.appending("user/" + path))
                return try await git("log", "--format=%T %s")
            }
            #expect(trees[0] == trees[1])
        }
        for file in ["user/.xandikos"] + paths.map({ "user/\($0)/.git/config" }) {
            #expect(
                try Data(contentsOf: theirs.url.appending(path: file))
                    == Data(contentsOf: ours.url.appending(path: file)))
        }
    }

    @Test func aDirectoryGoesThereAndBack() async throws {
        let folder = try TemporaryFolder()
        guard let first = try await PeerServer.start(.xandikos, in: folder.path) else {
            print("Xandikos is not installed here: run make test")
            return
        }
        let url = first.url + "/user/calendars/calendar/"
        let type = ["Content-Type": "text/calendar"]
        var etags: [String: String] = [:]
        for number in 0..<5 {
            let answer = try await exchange(
                "PUT", url + "x\(number).ics", headers: type, body: Samples.event("x\(number)"))
            #expect(answer.status == 201)
            etags["x\(number).ics"] = answer.header("ETag")
        }
        let patch = """
            <propertyupdate xmlns="DAV:" xmlns:a="http://apple.com/ns/ical/"><set><prop>\
            <displayname>Práce 1</displayname><a:calendar-color>#ff00ff</a:calendar-color></prop></set></propertyupdate>
            """
        let xml = ["Content-Type": "application/xml"]
        _ = try await exchange("PROPPATCH", url, headers: xml, body: Array(patch.utf8))
        await first.stop()

        let storage = try GitCollectionStorage(root: folder.path)
        let path = try CollectionPath("/user/calendars/calendar")
        let view = try await storage.view(path)
        #expect(view.type == .calendar)
        #expect(view.displayName == "Práce 1")
        #expect(view.properties.color?.hasPrefix("#ff00ff") == true)
        for member in try await view.members() { #expect(member.etag.quoted == etags[member.name.string]) }
        #expect(view.memberCount == 5)
        #expect(try await view.member(uid: "x3")?.name.string == "x3.ics")
        let token = view.syncToken
        let ours = Samples.event("ours", summary: "From here")
        let put = try await storage.put(ours, as: MemberName("ours.ics"), in: path, if: .absent, by: author)
        try await storage.delete(MemberName("x0.ics"), in: path, if: .present, by: author)
        try await storage.updateProperties(at: path, by: author) {
            $0.displayName = "100 % práce"
            $0.description = "One\n  Two\n# three"
            $0.supportedComponents = ["VEVENT"]
        }
        let git = GitProgram(in: folder.appending("user/calendars/calendar"))
        try await git.check()
        #expect(try await git("status", "--porcelain") == "")

        let second = try #require(try await PeerServer.start(.xandikos, in: folder.path))
        let address = second.url + "/user/calendars/calendar/"
        let answer = try await exchange("GET", address + "ours.ics")
        #expect(answer.status == 200 && answer.body == ours)
        #expect(answer.header("ETag") == put.etag.quoted)
        #expect(try await exchange("GET", address + "x0.ics").status == 404)
        let question = """
            <propfind xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><prop><displayname/><sync-token/>\
            <c:calendar-description/><c:supported-calendar-component-set/></prop></propfind>
            """
        let properties = try await exchange(
            "PROPFIND", address, headers: xml.merging(["Depth": "0"]) { $1 }, body: Array(question.utf8)
        ).text
        #expect(properties.contains("100 % práce"))
        #expect(properties.contains("One\n  Two\n# three"))
        #expect(properties.contains(try await storage.view(path).syncToken.description))
        let sync = """
            <sync-collection xmlns="DAV:"><sync-token>\(token)</sync-token><sync-level>1</sync-level>\
            <prop><getetag/></prop></sync-collection>
            """
        let report = try await exchange("REPORT", address, headers: xml, body: Array(sync.utf8)).text
        #expect(report.contains("ours.ics") && report.contains("x0.ics") && !report.contains("x1.ics"))
        let changed = try await exchange("PUT", address + "ours.ics", headers: type, body: Samples.event("ours"))
        #expect(changed.status == 204)
        // We notice what Xandikos does at the same time.
        let last = try await storage.view(path)
        #expect(try await last.member(named: MemberName("ours.ics"))?.etag.quoted == changed.header("ETag"))
        _ = try await storage.put(Samples.event("more"), as: MemberName("more.ics"), in: path, if: .any, by: author)
        #expect(try await exchange("GET", address + "more.ics").body == Samples.event("more"))
        await second.stop()
        try await git.check()
        #expect(try await git("status", "--porcelain") == "")
    }
}

extension Array {
    fileprivate func asyncMap<T>(_ body: (Element) async throws -> T) async throws -> [T] {
        var result: [T] = []
        for element in self { result.append(try await body(element)) }
        return result
    }
}
