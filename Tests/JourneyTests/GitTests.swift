import Foundation
import PeerPrograms
import SeededNumbers
import Testing

/// Collections cloned and pushed with git itself, from the same server with the same passwords.
@Suite struct GitTests {
    private static let password = "correct horse battery"

    /// A server with the users ada and bob, and a clone folder.
    private struct Scene {
        let work: TemporaryFolder
        private(set) var server: PeerServer
        private let users: String

        init() async throws {
            work = try TemporaryFolder("fasti-git")
            let fasti = try #require(PeerEnvironment.fasti, "the program fasti is not built")
            users = work.appending("users")
            for name in ["ada", "bob"] {
                let added = try await run(
                    fasti, ["user", "add", "--users", users, "--stdin", name],
                    input: Array((GitTests.password + "\n").utf8))
                try #require(added.status == 0, "\(added.standardError)")
            }
            server = try #require(
                try await PeerServer.start(.fasti, in: work.appending("dav"), arguments: ["--users", users]))
        }

        /// The same data, from another process and at another port.
        mutating func startAgain() async throws {
            server = try #require(
                try await PeerServer.start(.fasti, in: work.appending("dav"), arguments: ["--users", users]))
        }

        var calendar: String { server.url + "/ada/calendars/calendar/" }

        func remote(_ user: String, password: String = GitTests.password, _ path: String) -> String {
            let secret = password.replacingOccurrences(of: " ", with: "%20")
            return "http://\(user):\(secret)@127.0.0.1:\(server.port)\(path)"
        }

        @discardableResult
        func git(_ arguments: String..., in folder: String? = nil) async throws -> ProgramResult {
            try await run(
                "/usr/bin/git", ["-c", "protocol.version=2"] + arguments,
                environment: [
                    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
                    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada",
                    "GIT_COMMITTER_EMAIL": "ada@example.org", "LC_ALL": "C", "HOME": work.path,
                ], in: folder ?? work.path)
        }

        func clone(_ user: String, _ path: String = "/ada/calendars/calendar/", as name: String) async throws -> String
        {
            let result = try await git("clone", "-q", remote(user, path), name)
            try #require(result.status == 0, "\(result.standardError)")
            return work.appending(name)
        }

        func put(_ name: String, _ uid: String, _ summary: String = "Lunch") async throws {
            let answer = try await exchange(
                "PUT", calendar + name, headers: ["Content-Type": "text/calendar"],
                body: GitTests.event(uid, summary), user: "ada:\(GitTests.password)")
            try #require(answer.status == 201 || answer.status == 204, "\(answer.status) \(answer.text)")
        }

        func commit(_ name: String, _ bytes: [UInt8], in folder: String) async throws {
            try Data(bytes).write(to: URL(filePath: folder + "/" + name))
            try #require(try await git("add", "-A", in: folder).status == 0)
            try #require(try await git("commit", "-q", "-m", "Change \(name)", in: folder).status == 0)
        }

        /// Names in a sync since `token`, and the new token.
        func sync(_ token: String) async throws -> (text: String, token: String) {
            let body = """
                <sync-collection xmlns="DAV:"><sync-token>\(token)</sync-token><sync-level>1</sync-level>
                <prop><getetag/></prop></sync-collection>
                """
            let answer = try await exchange(
                "REPORT", calendar, headers: ["Content-Type": "application/xml"], body: Array(body.utf8),
                user: "ada:\(GitTests.password)")
            try #require(answer.status == 207, "\(answer.status) \(answer.text)")
            let fresh = answer.text.components(separatedBy: "sync-token>")
            return (answer.text, fresh.count > 1 ? String(fresh[1].prefix { $0 != "<" }) : "")
        }
    }

    fileprivate static func event(_ uid: String, _ summary: String) -> [UInt8] {
        let lines = [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Fasti//Tests//EN", "BEGIN:VEVENT", "UID:\(uid)",
            "DTSTAMP:20240101T000000Z", "DTSTART:20240102T100000Z", "SUMMARY:\(summary)", "END:VEVENT",
            "END:VCALENDAR", "",
        ]
        return Array(lines.joined(separator: "\r\n").utf8)
    }

    @Test(.enabled(if: GitProgram.isInstalled, "git is not installed"))
    func aCalendarIsClonedChangedAndPushed() async throws {
        let scene = try await Scene()
        // Cloned at once after the answer: what the journal has must be in git by then.
        for number in 0..<40 { try await scene.put("e\(number).ics", "u\(number)") }
        let clone = try await scene.clone("ada", as: "clone")
        let files = try FileManager.default.contentsOfDirectory(atPath: clone).filter { $0.hasSuffix(".ics") }
        #expect(files.count == 40)
        let before = try await scene.sync("")
        try await scene.commit("pushed.ics", Self.event("pushed", "By git"), in: clone)
        try FileManager.default.removeItem(atPath: clone + "/e7.ics")
        try await scene.commit("e8.ics", Self.event("u8", "Changed by git"), in: clone)
        let pushed = try await scene.git("push", "origin", "HEAD", in: clone)
        #expect(pushed.status == 0, "\(pushed.standardError)")

        // DAV has it at once, with the blob's id for a tag.
        let answer = try await exchange("GET", scene.calendar + "pushed.ics", user: "ada:\(Self.password)")
        #expect(answer.status == 200 && answer.body == Self.event("pushed", "By git"))
        let blob = try await scene.git("rev-parse", "HEAD:pushed.ics", in: clone).text
        #expect(answer.header("ETag") == "\"\(blob.prefix(40))\"")
        #expect(try await exchange("GET", scene.calendar + "e7.ics", user: "ada:\(Self.password)").status == 404)
        let after = try await scene.sync(before.token)
        #expect(after.text.contains("pushed.ics") && after.text.contains("e7.ics") && after.text.contains("e8.ics"))
        #expect(!after.text.contains("e9.ics"))

        // Both ways: a change by DAV is fetched, and goes on top.
        try await scene.put("later.ics", "later")
        let pull = try await scene.git("pull", "-q", "--ff-only", in: clone)
        #expect(pull.status == 0, "\(pull.standardError)")
        #expect(FileManager.default.fileExists(atPath: clone + "/later.ics"))
        let repository = GitProgram(in: scene.work.appending("dav/ada/calendars/calendar"))
        try await repository.check()
        #expect(try await repository("status", "--porcelain") == "", "work tree and index have followed")
        #expect(try await repository("log", "-1", "--format=%an", "--", "pushed.ics").contains("Ada"))
        #expect(await scene.server.stop() == 0)
        try await repository.check()
    }

    /// A push is there as a whole or not at all, whenever the server is killed, and the next one works.
    @Test(.enabled(if: GitProgram.isInstalled, "git is not installed"))
    func aServerKilledInAPushHasAllOfItOrNothing() async throws {
        var scene = try await Scene()
        try await scene.put("one.ics", "one")
        let clone = try await scene.clone("ada", as: "clone")
        let repository = GitProgram(in: scene.work.appending("dav/ada/calendars/calendar"))
        var random = SeededGenerator(seed: 20)
        var takes = Duration.milliseconds(400)
        var outcomes: [String: Int] = [:]
        for round in 0..<8 {
            let before = try await repository("rev-parse", "HEAD")
            for number in 0..<150 {
                let noise = (0..<60).map { _ in String(random.next(), radix: 36) }.joined()
                try Data(Self.event("u\(round)-\(number)", noise))
                    .write(to: URL(filePath: "\(clone)/r\(round)-\(number).ics"))
            }
            try await scene.commit("last-\(round).ics", Self.event("last-\(round)", "Last"), in: clone)
            let after = try await scene.git("rev-parse", "HEAD", in: clone).text
            // The first is left alone, to see how long one takes.
            if round == 0 {
                let start = ContinuousClock.now
                try #require(try await scene.git("push", "-q", "origin", "HEAD", in: clone).status == 0)
                takes = .now - start
                continue
            }
            let (server, delay) = (scene.server, takes * Double.random(in: 0.02...0.75, using: &random))
            async let killed: Void = {
                try? await Task.sleep(for: delay)
                await server.stop(signal: SIGKILL)
            }()
            let push = try await scene.git("push", "-q", "origin", "HEAD", in: clone)
            await killed
            try await scene.startAgain()
            let remote = scene.remote("ada", "/ada/calendars/calendar/")
            try #require(try await scene.git("remote", "set-url", "origin", remote, in: clone).status == 0)

            // The first request completes a push whose commit was decided when the server was killed.
            let listing = try await scene.sync("")
            let head = try await repository("rev-parse", "HEAD")
            #expect(head == before || head == after, "round \(round)")
            #expect(push.status != 0 || head == after, "what was acknowledged is there")
            #expect(listing.text.contains("last-\(round).ics") == (head == after))
            #expect(listing.text.contains("r\(round)-0.ics") == (head == after))
            let homes = try await exchange(
                "PROPFIND", scene.server.url + "/ada/calendars/", headers: ["Depth": "1"],
                user: "ada:\(Self.password)")
            #expect(homes.text.components(separatedBy: "<D:response>").count <= 3, "the home and its calendar")
            try await repository.check()
            #expect(try await repository("status", "--porcelain") == "")
            outcomes[head == after ? "all" : "nothing", default: 0] += 1

            let next = try await scene.git("push", "-q", "origin", "HEAD", in: clone)
            #expect(next.status == 0, "\(next.standardError)")
            #expect(try await repository("rev-parse", "HEAD") == after)
        }
        print("Killed in a push, of which was there afterwards: \(outcomes)")
        let last = try await exchange("GET", scene.calendar + "r7-149.ics", user: "ada:\(Self.password)")
        #expect(last.status == 200)
        #expect(await scene.server.stop() == 0)
        try await repository.check()
    }

    @Test(.enabled(if: GitProgram.isInstalled, "git is not installed"))
    func aPushIsLookedAtLikeAPut() async throws {
        let scene = try await Scene()
        try await scene.put("one.ics", "one")
        let clone = try await scene.clone("ada", as: "clone")
        let head = try await scene.git("rev-parse", "HEAD", in: clone).text
        func refused(_ because: String, _ prepare: () async throws -> Void) async throws {
            try await prepare()
            let push = try await scene.git("push", "origin", "HEAD", in: clone)
            #expect(push.status != 0 && push.standardError.contains(because), "\(because): \(push.standardError)")
            try #require(try await scene.git("reset", "-q", "--hard", "origin/master", in: clone).status == 0)
            _ = try await scene.git("clean", "-fdq", in: clone)
        }
        try await refused("remote:   bad.ics: ") {
            try await scene.commit("bad.ics", Array("BEGIN:VCALENDAR\r\nnothing\r\n".utf8), in: clone)
        }
        try await refused("one.ics has the same UID") {
            try await scene.commit("two.ics", Self.event("one", "A second one"), in: clone)
        }
        try await refused("a folder cannot be part") {
            try FileManager.default.createDirectory(atPath: clone + "/sub", withIntermediateDirectories: true)
            try await scene.commit("sub/x.ics", Self.event("sub", "x"), in: clone)
        }
        try await refused("no links and no submodules") {
            try FileManager.default.createSymbolicLink(atPath: clone + "/l.ics", withDestinationPath: "one.ics")
            try await scene.commit("three.ics", Self.event("three", "x"), in: clone)
        }
        try await refused("says what the collection is") {
            try FileManager.default.removeItem(atPath: clone + "/.xandikos")
            try await scene.commit("three.ics", Self.event("three", "x"), in: clone)
        }
        // Another branch, and a branch that goes away.
        let other = try await scene.git("push", "origin", "HEAD:refs/heads/other", in: clone)
        #expect(other.status != 0 && other.standardError.contains("only refs/heads/master is served"))
        #expect(try await scene.git("push", "origin", ":master", in: clone).status != 0)
        // History that others have is not taken back.
        try #require(try await scene.git("commit", "-q", "--amend", "-m", "Rewritten", in: clone).status == 0)
        let forced = try await scene.git("push", "--force", "origin", "HEAD", in: clone)
        #expect(forced.status != 0 && forced.standardError.contains("non-fast-forward"), "\(forced.standardError)")
        try #require(try await scene.git("reset", "-q", "--hard", "origin/master", in: clone).status == 0)
        // Somebody was first.
        try await scene.put("two.ics", "two")
        try await scene.commit("mine.ics", Self.event("mine", "x"), in: clone)
        let late = try await scene.git("push", "origin", "HEAD", in: clone)
        #expect(late.status != 0 && late.standardError.contains("fetch first"), "\(late.standardError)")
        // What was refused has left nothing behind.
        let repository = scene.work.appending("dav/ada/calendars/calendar")
        let objects = try FileManager.default.contentsOfDirectory(atPath: repository + "/.git/objects")
        #expect(!objects.contains { $0.hasPrefix("tmp_objdir") })
        let log = try await GitProgram(in: repository)("log", "--format=%H")
        #expect(log.split(separator: "\n").dropFirst().first.map(String.init) == head.prefix(40).description)
        #expect(await scene.server.stop() == 0)
    }

    @Test(.enabled(if: GitProgram.isInstalled, "git is not installed"))
    func passwordsAndGrantsHoldForGitToo() async throws {
        let scene = try await Scene()
        try await scene.put("one.ics", "one")
        func clone(_ remote: String) async throws -> ProgramResult {
            let name = "clone-\(UUID().uuidString.prefix(6))"
            return try await scene.git("clone", "-q", remote, name)
        }
        func grant(_ privileges: String) async throws {
            let body = """
                <acl xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><ace><principal><href>/bob/</href></principal>
                <grant>\(privileges)</grant></ace></acl>
                """
            let answer = try await exchange(
                "ACL", scene.calendar, headers: ["Content-Type": "application/xml"], body: Array(body.utf8),
                user: "ada:\(Self.password)")
            try #require(answer.status == 200, "\(answer.status) \(answer.text)")
        }
        // bob comes into being with his first request.
        _ = try await exchange("PROPFIND", scene.server.url + "/bob/", user: "bob:\(Self.password)")
        let path = "/ada/calendars/calendar/"
        #expect(try await clone(scene.remote("ada", password: "wrong", path)).standardError.contains("uthentication"))
        #expect(try await clone("http://127.0.0.1:\(scene.server.port)\(path)").status != 0)
        #expect(try await clone(scene.remote("bob", path)).standardError.contains("403"))
        try await grant("<privilege><C:read-free-busy/></privilege>")
        #expect(try await clone(scene.remote("bob", path)).standardError.contains("403"))
        try await grant("<privilege><read/></privilege>")
        let folder = try await scene.clone("bob", as: "bob")
        try await scene.commit("bob.ics", Self.event("bob", "By bob"), in: folder)
        let refused = try await scene.git("push", "origin", "HEAD", in: folder)
        #expect(refused.status != 0 && refused.standardError.contains("not change it"), "\(refused.standardError)")
        try await grant("<privilege><read/></privilege><privilege><write/></privilege>")
        let pull = try await scene.git("pull", "-q", "--rebase", in: folder)
        #expect(pull.status == 0, "\(pull.standardError)")
        let taken = try await scene.git("push", "origin", "HEAD", in: folder)
        #expect(taken.status == 0, "\(taken.standardError)")
        #expect(try await exchange("GET", scene.calendar + "bob.ics", user: "ada:\(Self.password)").status == 200)
        // Who may write still does not let himself or others in.
        let metadata = try String(contentsOfFile: folder + "/.xandikos", encoding: .utf8)
        try await scene.commit(".xandikos", Array((metadata + "\n[x]\ny = z\n").utf8), in: folder)
        let meddling = try await scene.git("push", "origin", "HEAD", in: folder)
        #expect(meddling.standardError.contains("only the owner"), "\(meddling.standardError)")
        await scene.server.stop()
    }
}
