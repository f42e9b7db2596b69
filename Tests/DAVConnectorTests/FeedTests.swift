import ConnectorKit
import DAVClient
import DAVConnector
import Foundation
import HTTPTypes
import PeerPrograms
import SeededNumbers
import Testing
import WebDAV
import XMLStream

/// Subscriptions: calendars of which an account has nothing but the address. Point 5 of connectors.md, section 1.5.
@Suite(.serialized) struct FeedTests {
    private static let wanted = ["subscribed": "true", "username": "anna", "password": "s3cret"]

    /// Two events, one of them a series with an exception, in a zone of their own.
    private static func feed(_ summary: String = "Summer fair", stamp: String = "20260101T000000Z") -> String {
        [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Club//Feed//EN", "METHOD:PUBLISH", "X-WR-CALNAME:The club",
            "BEGIN:VTIMEZONE", "TZID:Club", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0100",
            "TZOFFSETTO:+0100", "END:STANDARD", "END:VTIMEZONE",
            "BEGIN:VEVENT", "UID:fair@club", "DTSTAMP:\(stamp)", "DTSTART;VALUE=DATE:20260704",
            "DTEND;VALUE=DATE:20260705", "SUMMARY:\(summary)",
            "END:VEVENT",
            "BEGIN:VEVENT", "UID:choir@club", "DTSTAMP:\(stamp)", "DTSTART;TZID=Club:20260105T190000",
            "DTEND;TZID=Club:20260105T210000",
            "RRULE:FREQ=WEEKLY", "SUMMARY:Choir", "END:VEVENT",
            "BEGIN:VEVENT", "DTSTAMP:\(stamp)", "DTSTART:20260801T100000Z", "DTEND:20260801T110000Z",
            "SUMMARY:No identifier", "END:VEVENT",
            "BEGIN:VEVENT", "UID:choir@club", "DTSTAMP:\(stamp)", "RECURRENCE-ID;TZID=Club:20260112T190000",
            "DTSTART;TZID=Club:20260112T200000", "DTEND;TZID=Club:20260112T210000", "SUMMARY:Choir\\, later",
            "END:VEVENT",
            "END:VCALENDAR", "",
        ].joined(separator: "\r\n")
    }

    private struct Web: Sendable {
        var body = FeedTests.feed()
        var etag: String? = "\"v1\""
        var answer: DAVClientResponse?
    }

    /// An account with a calendar and a subscription to `webcal://club.example.org/feed.ics`.
    private static func server(
        _ source: String = "webcal://club.example.org/feed.ics", _ habits: MemoryServer.Habits = .init(),
        _ web: Web = Web()
    ) -> MemoryServer {
        let server = MemoryServer(habits)
        server.addCalendar(
            "work", ["1.ics": event("1", "DTSTART:20260101T100000Z", "DTEND:20260101T110000Z")])
        server.addCalendar(
            "club",
            properties: [
                XMLElement(.displayname, text: "Club"), XMLElement(.calendarColor, text: "#00FF00"),
                XMLElement(.source, [XMLElement(.href, text: source)]),
            ])
        server.with { $0.collections["/cal/club/"]?.type = .subscribed }
        serve(web, on: server)
        return server
    }

    private static func serve(_ web: Web, on server: MemoryServer) {
        server.with { state in
            state.fault = { request, _ in
                guard request.url.host != "127.0.0.1" else { return nil }
                if let answer = web.answer { return answer }
                if let etag = web.etag, request.headers[.ifNoneMatch] == etag { return .status(304) }
                return .status(200, web.etag.map { [.eTag: $0] } ?? [:], Array(web.body.utf8))
            }
        }
    }

    private static func asked(_ server: MemoryServer) -> [DAVClientRequest] {
        server.requests.filter { $0.url.host != "127.0.0.1" }
    }

    @Test func point05_feedsAreKeptEventByEvent() async throws {
        let server = Self.server()
        let without = try await backUp(server, options: ["username": "anna", "password": "s3cret"])
        #expect(!without.paths.contains { $0.contains("club") } && Self.asked(server).isEmpty)
        #expect(without.notes.contains { $0.contains("subscription \"Club\"") && $0.contains("subscribed=true") })

        let first = try await backUp(server, options: Self.wanted)
        #expect(first.isComplete, "\(first.gaps) \(first.errors)")
        #expect(Self.asked(server).map(\.url.description) == ["https://club.example.org/feed.ics"])
        #expect(Self.asked(server).allSatisfy { $0.headers[.authorization] == nil }, "no password for strangers")
        let fair = try #require(
            first.text("/calendars/club/fair=_40club.ics") ?? first.text("/calendars/club/fair@club.ics"))
        #expect(fair.contains("SUMMARY:Summer fair") && !fair.contains("METHOD") && !fair.contains("VTIMEZONE"))
        let objects = first.objects.filter { $0.key.hasPrefix("/calendars/club/") }
        #expect(objects.count == 3, "\(objects.keys)")
        let choir = try #require(
            objects.values.map { String(decoding: $0, as: UTF8.self) }.first { $0.contains("RRULE") })
        #expect(choir.components(separatedBy: "BEGIN:VEVENT").count == 3 && choir.contains("TZID:Club"))
        let unnamed = try #require(
            objects.values.map { String(decoding: $0, as: UTF8.self) }.first { $0.contains("No id") })
        #expect(unnamed.contains("\r\nUID:"))
        #expect(first.text("/calendars/club/.feed.json")?.contains("X-WR-CALNAME:The club") == true)

        // Unchanged: one question, answered with 304, and nothing is stored.
        server.forgetRequests()
        let second = try await backUp(server, previous: first, options: Self.wanted)
        #expect(Self.asked(server).count == 1 && second.files == first.files && second.infos == first.infos)
        #expect(second.unread.count { $0.description.contains("/club/") } == 3)
        server.forgetRequests()
        let importer = try DAVImporter(
            settings("dav+http://127.0.0.1/", Self.wanted, .source), transport: server, now: { noon })
        #expect(try await importer.isAsBefore(ConnectorContext(previous: second, report: { _ in })))
        #expect(Self.asked(server).count == 1 && Self.asked(server).first?.headers[.ifNoneMatch] == "\"v1\"")
    }

    @Test func point05_onlyWhatAFeedSaysAnewIsNew() async throws {
        let server = Self.server()
        let first = try await backUp(server, options: Self.wanted)
        // Written anew with another time, which is no change; and one event of three is another.
        Self.serve(Web(body: Self.feed(stamp: "20260202T000000Z"), etag: "\"v2\""), on: server)
        let second = try await backUp(server, previous: first, options: Self.wanted)
        #expect(second.objects == first.objects && second.isComplete)
        Self.serve(Web(body: Self.feed("Winter fair", stamp: "20260303T000000Z"), etag: nil), on: server)
        let third = try await backUp(server, previous: second, options: Self.wanted)
        #expect(third.objects.filter { second.objects[$0.key] != $0.value }.count == 1)
        // No ETag, but the same bytes.
        server.forgetRequests()
        let importer = try DAVImporter(
            settings("dav+http://127.0.0.1/", Self.wanted, .source), transport: server, now: { noon })
        #expect(try await importer.isAsBefore(ConnectorContext(previous: third, report: { _ in })))
        // Asked once, whether it is used for the look or for the walk after it.
        Self.serve(Web(body: Self.feed("Autumn fair"), etag: nil), on: server)
        server.forgetRequests()
        let context = ConnectorContext(previous: third, report: { _ in })
        #expect(try await !importer.isAsBefore(context))
        try await importer.importRecords(context) { _ in }
        #expect(Self.asked(server).count == 1)
    }

    @Test(
        arguments: [
            (DAVClientResponse.status(404), "404"), (.status(401), "without the password"),
            (.status(200, [.contentType: "text/html"], Array("<html>Please log in".utf8)), "a web page"),
            (.status(200, [:], Array(feed().utf8.prefix(700))), "ends in the middle"),
            (.status(200, [:], []), "no calendar"),
            (.status(302, [.location: "http://club.example.org:81/feed.ics"]), "no TLS"),
            (.status(302, [.location: "https://localhost/admin.ics"]), "this machine"),
            (.status(302, [.location: "https://169.254.169.254/latest"]), "this machine"),
            (.status(302, [.location: "/feed.ics"]), "in a circle"),
        ] as [(DAVClientResponse, String)])
    func point05_aFeedThatFailsLeavesAGap(answer: DAVClientResponse, words: String) async throws {
        let server = Self.server("webcal://club.example.org/feed.ics", .init(), Web(answer: answer))
        // The account is on another host, as accounts are.
        let account = OtherHost(server, "cal.example.org")
        let snapshot = try await backUp(account, location: "dav://cal.example.org/", options: Self.wanted)
        #expect(!snapshot.isComplete && snapshot.objects["/calendars/work/1.ics"] != nil)
        #expect(snapshot.gaps.count == 1 && snapshot.gaps[0].contains("\"Club\""), "\(snapshot.gaps)")
        #expect(snapshot.gaps[0].contains(words), "\(snapshot.gaps)")
        #expect(Self.asked(server).allSatisfy { $0.headers[.authorization] == nil })
        #expect(Self.asked(server).allSatisfy { $0.url.host == "club.example.org" })
    }

    @Test(arguments: [
        "http://localhost/x.ics", "https://127.1.2.3/x.ics", "ftp://x.example.org/", "https://a:b@x.example.org/",
    ])
    func point05_whatMustNotBeAskedIsNotAsked(source: String) async throws {
        let server = Self.server(source)
        let account = OtherHost(server, "cal.example.org")
        let snapshot = try await backUp(account, location: "dav://cal.example.org/", options: Self.wanted)
        #expect(snapshot.gaps.count == 1 && Self.asked(server).isEmpty, "\(snapshot.gaps)")
    }

    /// A feed on the server of the account gets the password where it asks for it, and only then.
    @Test func point05_aFeedOfTheSameServerMayWantTheLogin() async throws {
        let server = Self.server("/public/feed.ics")
        server.with { state in
            state.fault = { request, _ in
                guard request.url.path == "/public/feed.ics" else { return nil }
                guard request.headers[.authorization] != nil else { return .status(401) }
                return .status(200, [:], Array(Self.feed().utf8))
            }
        }
        let snapshot = try await backUp(server, options: Self.wanted)
        #expect(snapshot.isComplete && snapshot.objects.count == 4, "\(snapshot.gaps)")
    }

    @Test func point05_feedsThatBreakTheRules() async throws {
        let event = { (uid: String, text: String) in
            "BEGIN:VEVENT\nUID:\(uid)\nDTSTAMP:20260101T000000Z\nDTSTART:20260101T100000Z\nSUMMARY:\(text)\nEND:VEVENT\n"
        }
        // One UID for all, an event twice, bare line ends, a byte order mark, no PRODID, two calendars.
        let feed =
            "\u{FEFF}BEGIN:VCALENDAR\n" + event("same", "one") + event("same", "two") + event("same", "one")
            + event(String(repeating: "long", count: 100), "three") + "END:VCALENDAR\nBEGIN:VCALENDAR\nVERSION:2.0\n"
            + event("a/b?c", "four") + "END:VCALENDAR\n"
        let server = Self.server("webcal://club.example.org/feed.ics", .init(), Web(body: feed))
        let snapshot = try await backUp(server, options: Self.wanted)
        let texts = snapshot.objects.filter { $0.key.hasPrefix("/calendars/club/") }.values
            .map { String(decoding: $0, as: UTF8.self) }
        #expect(texts.count == 4 && Set(texts.compactMap { MemoryServer.State.uid(Array($0.utf8)) }).count == 4)
        for word in ["one", "two", "three", "four"] {
            #expect(texts.count { $0.contains("SUMMARY:\(word)\r\n") } == 1, "\(word)")
        }
        #expect(texts.allSatisfy { $0.contains("VERSION:2.0\r\n") && $0.contains("PRODID:") })
        // A server takes each of them.
        let target = MemoryServer(.init(refusesUIDTwice: true))
        let result = try await restore(snapshot, to: target)
        #expect(result.failures.isEmpty, "\(result.failures)")
        #expect(target.with { $0.collections["/cal/club/"]?.objects.count } == 4)
    }

    /// Whatever comes, a backup ends with a snapshot that is whole, or says that it is not.
    @Test func point05_noFeedBreaksABackup() async throws {
        var random = SeededGenerator(seed: 20_260_704)
        let whole = Array(Self.feed().utf8)
        for _ in 0..<300 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(contentsOf: whole.suffix(max(0, whole.count - place)).prefix(90), at: place)
                default: bytes.removeLast(min(bytes.count - 1, Int.random(in: 0..<200, using: &random)))
                }
            }
            let server = Self.server(
                "webcal://club.example.org/feed.ics", .init(), Web(answer: .status(200, [:], bytes)))
            let snapshot = try await backUp(server, options: Self.wanted)
            #expect(snapshot.objects["/calendars/work/1.ics"] != nil)
            #expect(snapshot.isComplete == (snapshot.files[BytePath("/calendars/club/.feed.json")] != nil))
            #expect(snapshot.objects.values.allSatisfy { $0.suffix(15).elementsEqual("END:VCALENDAR\r\n".utf8) })
        }
    }

    // MARK: Restoring

    @Test func point05_whereItCanTheServerSubscribesAgain() async throws {
        let snapshot = try await backUp(Self.server(), options: Self.wanted)
        let target = MemoryServer(.init(keepsSubscriptions: true))
        let rehearsal = try await restore(snapshot, to: target, isRehearsal: true)
        #expect(rehearsal.words.contains("would be subscribed to again") && target.count("MKCOL") == 0)
        let result = try await restore(snapshot, to: target)
        #expect(result.failures.isEmpty && result.words.contains("\"Club\" is subscribed to again"), "\(result.words)")
        let club = try #require(target.with { $0.collections["/cal/club/"] })
        #expect(club.type == .subscribed && club.objects.isEmpty)
        #expect(
            club.properties.first { $0.name == .source }?.first(.href)?.text == "webcal://club.example.org/feed.ics")
        #expect(club.properties.first { $0.name == .displayname }?.text == "Club")
        #expect(club.properties.first { $0.name == .calendarColor }?.text == "#00FF00")
        // Once more: it is there.
        let again = try await restore(snapshot, to: target)
        #expect(again.words.contains("subscribed to already"))
        #expect(target.with { $0.collections.keys.sorted() } == ["/cal/club/", "/cal/work/"])
    }

    @Test(arguments: [false, true])
    func point05_elsewhereItsEventsBecomeACalendar(makesPlainFolders: Bool) async throws {
        let snapshot = try await backUp(Self.server(), options: Self.wanted)
        let target = MemoryServer(.init(makesPlainFolders: makesPlainFolders))
        let result = try await restore(snapshot, to: target)
        #expect(
            result.failures.isEmpty && result.words.contains("becomes a calendar with its 3 events"), "\(result.words)")
        let club = try #require(target.with { $0.collections["/cal/club/"] })
        #expect(club.type == nil && club.objects.count == 3)
        #expect(club.properties.first { $0.name == .displayname }?.text == "Club")
        // The user may want that in any case; and single events always go to a calendar.
        let copying = MemoryServer(.init(keepsSubscriptions: true))
        _ = try await restore(snapshot, to: copying, options: ["subscriptions": "copy"])
        #expect(copying.with { $0.collections["/cal/club/"]?.objects.count } == 3)
        let single = MemoryServer(.init(keepsSubscriptions: true))
        _ = try await restore(snapshot, to: single, isSelection: true)
        #expect(single.with { $0.collections["/cal/club/"]?.objects.count } == 3)
    }

    /// Events never go into a subscription that lies where the calendar was.
    @Test func point05_aSubscriptionInTheWayIsLeftAlone() async throws {
        let source = MemoryServer()
        source.addCalendar("club", properties: [XMLElement(.displayname, text: "Club")], ["1.ics": event("1")])
        let snapshot = try await backUp(source)
        let target = Self.server()
        let result = try await restore(snapshot, to: target)
        #expect(result.failures.isEmpty, "\(result.failures)")
        #expect(target.with { $0.collections["/cal/club/"]?.objects.isEmpty } == true)
        #expect(target.with { $0.collections["/cal/club-restored/"]?.objects.count } == 1)
        #expect(result.words.contains("is taken by a subscription"), "\(result.words)")
    }

    // MARK: Real servers

    /// A web server with a feed, an account on each server that is subscribed to it, and the way back.
    @Test(arguments: PeerServer.Kind.allCases)
    func point05_realServersAndARealFeed(kind: PeerServer.Kind) async throws {
        guard let python = PeerEnvironment.python else { return }
        let folder = try TemporaryFolder()
        let web = folder.url.appending(path: "web")
        try FileManager.default.createDirectory(at: web, withIntermediateDirectories: true)
        try Data(Self.feed().utf8).write(to: web.appending(path: "club.ics"))
        let port = try PeerServer.freePort()
        let site = try PeerProcess(
            python, ["-m", "http.server", "\(port)", "--bind", "127.0.0.1", "--directory", web.path])
        guard let server = try await PeerServer.start(kind, in: folder.appending("data")) else {
            print("\(kind) is not here. scripts/setup test fetches it.")
            await site.stop()
            return
        }
        // What a backup of a subscribed account looks like, brought to the real server.
        let memory = Self.server("http://127.0.0.1:\(port)/club.ics", .init(), Web())
        memory.with { state in
            state.fault = { request, _ in
                request.url.port == port ? .status(200, [:], Array(Self.feed().utf8)) : nil
            }
        }
        let snapshot = try await backUp(memory, options: Self.wanted)
        #expect(snapshot.isComplete, "\(snapshot.gaps)")
        let location = "dav+http://127.0.0.1:\(server.port)/\(kind == .cyrus ? "dav/" : "")"
        let login = ["username": server.userName, "password": server.password]
        let result = try await restore(snapshot, to: HTTPTransport(), location: location, options: login)
        #expect(result.failures.isEmpty, "\(kind): \(result.failures) \(result.words)")
        let options = login.merging(["subscribed": "true"]) { $1 }
        let after = try await backUp(HTTPTransport(), location: location, options: options)
        #expect(after.isComplete, "\(kind): \(after.gaps)")
        let texts = after.objects.values.map { String(decoding: $0, as: UTF8.self) }
        for word in ["Summer fair", "Choir\\, later", "No identifier"] {
            #expect(
                texts.count { $0.contains("SUMMARY:\(word)") } == 1, "\(kind) \(word): \(after.paths) \(result.words)")
        }
        let isSubscription = after.paths.contains { $0.hasSuffix("/.feed.json") }
        #expect(isSubscription == result.words.contains("subscribed to again"), "\(kind): \(result.words)")
        #expect(isSubscription == [.fasti, .radicale].contains(kind), "\(kind)")
        if isSubscription {
            let second = try await backUp(HTTPTransport(), previous: after, location: location, options: options)
            #expect(second.files == after.files && site.output.contains("304"), "\(kind): \(site.output)")
        }
        await server.stop()
        await site.stop()
    }
}

/// The same server under another name.
private struct OtherHost: DAVTransport {
    let server: MemoryServer
    let name: String

    init(_ server: MemoryServer, _ name: String) {
        self.server = server
        self.name = name
    }

    func send(_ request: DAVClientRequest) async throws -> DAVClientResponse {
        var request = request
        if request.url.host == name {
            request.url = DAVURL(scheme: .http, host: "127.0.0.1", target: request.url.target)
        }
        return try await server.send(request)
    }
}
