import ConnectorKit
import DAVClient
import DAVConnector
import HTTPTypes
import Testing
import WebDAV
import XMLStream

/// Which collections are taken; the numbers are those of connectors.md, section 1.5.
@Suite struct ChoiceTests {
    private func server() -> MemoryServer {
        let server = MemoryServer()
        let owner = { (path: String) in XMLElement(.owner, [XMLElement(.href, text: path)]) }
        server.addCalendar(
            "a1", properties: [XMLElement(.displayname, text: "Work"), owner("/p/")], ["1.ics": event("1")])
        server.addCalendar(
            "a2", properties: [XMLElement(.displayname, text: "Birthdays, others"), owner("/p/")], ["2.ics": event("2")]
        )
        server.addCalendar(
            "team", properties: [XMLElement(.displayname, text: "Team"), owner("/boss/")], ["3.ics": event("3")])
        server.addBook("people", ["anna.vcf": card("anna")])
        return server
    }

    @Test(
        arguments: [
            (
                [:],
                [
                    "/addressbooks/people/anna.vcf", "/calendars/a1/1.ics", "/calendars/a2/2.ics",
                    "/calendars/team/3.ics",
                ]
            ),
            (["include": "work"], ["/calendars/a1/1.ics"]),
            (["include": "W*, people"], ["/addressbooks/people/anna.vcf", "/calendars/a1/1.ics"]),
            (["exclude": "Birth*,TEAM,people"], ["/calendars/a1/1.ics"]),
            (["include": "a?", "exclude": "a2"], ["/calendars/a1/1.ics"]),
            (["shared": "false", "exclude": "people"], ["/calendars/a1/1.ics", "/calendars/a2/2.ics"]),
        ] as [([String: String], [String])])
    func point01_patternsChoose(options: [String: String], paths: [String]) async throws {
        let server = server()
        let snapshot = try await backUp(server, options: options)
        #expect(snapshot.objects.keys.sorted() == paths)
        #expect(snapshot.isComplete)
        // Nothing is an alarm that was asked for.
        let whole = try await backUp(server)
        #expect(try await backUp(server, previous: whole, options: options).isComplete)
    }

    /// A mistyped address of one calendar leads to the whole account, and that is said.
    @Test func point01_anAddressWithNothingAtItIsSaid() async throws {
        let server = server()
        let location = "dav+http://127.0.0.1/cal/wrok/"
        let snapshot = try await backUp(server, location: location)
        #expect(
            snapshot.objects.count == 4
                && snapshot.notes.contains { $0.contains("nothing at http://127.0.0.1/cal/wrok/") })
        let importer = try DAVImporter(settings(location, [:], .source), transport: server)
        #expect(try await importer.ping().contains("nothing is at /cal/wrok/ itself"))
        let result = try await restore(snapshot, to: MemoryServer(), location: location)
        #expect(result.words.contains("goes into the account itself"))
        #expect(try await !backUp(server).notes.contains { $0.contains("nothing at") })
    }

    /// A mistyped name, or a calendar that was renamed, must not end a backup without a word.
    @Test func point09_aPatternThatFitsNothingIsSaid() async throws {
        let server = server()
        let snapshot = try await backUp(server, options: ["include": "work, Familly"])
        #expect(snapshot.objects.keys.sorted() == ["/calendars/a1/1.ics"])
        #expect(snapshot.gaps.count == 1 && snapshot.gaps[0].contains("\"Familly\""), "\(snapshot.gaps)")
        #expect(snapshot.gaps[0].contains("\"Team\""), "and what there is")
        for options in [["include": "Wrok"], ["exclude": "*"]] {
            await #expect(throws: ConnectorError(.invalidConfiguration, "")) {
                try await backUp(server, options: options)
            }
        }
        let renamed = self.server()
        let first = try await backUp(renamed, options: ["include": "Work,people"])
        renamed.with { $0.collections["/cal/a1/"]?.properties = [XMLElement(.displayname, text: "Office")] }
        #expect(try await !backUp(renamed, previous: first, options: ["include": "Work,people"]).isComplete)
        #expect(try await backUp(MemoryServer()).warnings.contains { $0.contains("no calendar and no address book") })
    }

    @Test func point05_whatIsNoCalendarIsLeftOutAndSaid() async throws {
        let server = server()
        server.addCalendar("inbox", ["i.ics": event("i")])
        server.addCalendar("feed", ["f.ics": event("f")])
        server.with { state in
            state.collections["/cal/inbox/"]?.type = .scheduleInbox
            state.collections["/cal/feed/"]?.type = .subscribed
        }
        let first = try await backUp(server)
        #expect(!first.paths.contains { $0.contains("inbox") || $0.contains("feed") })
        for what in ["scheduling inbox", "subscription"] {
            #expect(first.notes.contains { $0.contains(what) })
        }
        let second = try await backUp(server, options: ["subscribed": "true"])
        #expect(second.objects["/calendars/feed/f.ics"] != nil && second.isComplete)
    }

    @Test func point05_attachmentsOnTheServerAreKept() async throws {
        let server = MemoryServer()
        let attach = { (id: String, url: String) in
            "ATTACH;MANAGED-ID=\(id);FILENAME=a.pdf;FMTTYPE=application/pdf:\(url)"
        }
        server.addCalendar(
            "work",
            [
                "1.ics": event("1", attach("A/1.ics", "http://127.0.0.1/cal/files/a.bin")),
                "2.ics": event("2", attach("A/1.ics", "http://127.0.0.1/cal/files/a.bin")),
                "3.ics": event("3", attach("B", "https://evil.example.net/b.bin")),
            ])
        server.addCalendar("files", ["a.bin": "BEGIN of a file"])
        let options = ["exclude": "files", "username": "anna", "password": "s3cret"]
        let first = try await backUp(server, options: options)
        #expect(first.text("/attachments/A=2F1.ics=.data") == "BEGIN of a file")
        #expect(first.text("/attachments/.attachments.json")?.contains("a.pdf") == true)
        #expect(first.errors.keys.map(\.description) == ["/attachments/B=.data"])
        #expect(server.requests.allSatisfy { $0.url.host == "127.0.0.1" })
        server.forgetRequests()
        let second = try await backUp(server, previous: first, options: options)
        #expect(second.files == first.files && server.count("GET") == 0)
        #expect(try await backUp(server, options: options.merging(["attachments": "0"]) { $1 }).isComplete)
    }

    @Test func point01_accountsOfOthersAreTakenWhenAsked() async throws {
        let server = server()
        server.addCalendar("mine", ["m.ics": event("m")])
        let delegates = [XMLName.calendarProxyReadFor, .calendarProxyWriteFor]
        server.with { state in
            for (path, owner) in [("/boss/cal/mine/", "boss"), ("/aunt/cal/mine/", "aunt")] {
                state.collections[path] = .init(
                    kind: .calendar, properties: [XMLElement(.displayname, text: "Diary of \(owner)")])
                state.store(Array(event("of-\(owner)").utf8), path, "e.ics", "text/calendar")
            }
            state.fault = { request, state in
                guard request.method.rawValue == "PROPFIND" else { return nil }
                var writer = MultistatusWriter()
                func say(_ path: String, _ properties: [XMLElement]) {
                    writer.response(path, propstats: [Propstat(status: .ok, properties: properties)])
                }
                func href(_ path: String) -> XMLElement { XMLElement(.href, text: path) }
                switch request.url.path {
                case "/p/":
                    say(
                        "/p/",
                        [
                            XMLElement(.currentUserPrincipal, [href("/p/")]),
                            XMLElement(.calendarHomeSet, [href("/cal/")]),
                            XMLElement(.addressbookHomeSet, [href("/card/")]),
                            XMLElement(delegates[0], [href("/people/boss/")]),
                            XMLElement(delegates[1], [href("/people/aunt/"), href("https://evil.example.net/p/")]),
                        ])
                case "/people/boss/", "/people/aunt/":
                    let home = request.url.path.dropFirst(7) + "cal/"
                    say(request.url.path, [XMLElement(.calendarHomeSet, [href(String(home))])])
                case "/boss/cal/", "/aunt/cal/":
                    say(request.url.path, [XMLElement(.resourcetype, [XMLElement(.collection)])])
                    if request.headers[.depth] == "1" {
                        let name = state.collections[request.url.path + "mine/"]?.properties ?? []
                        let types = [XMLName.collection, .calendar].map { XMLElement($0) }
                        say(request.url.path + "mine/", [XMLElement(.resourcetype, types)] + name)
                    }
                default: return nil
                }
                return .status(207, [.contentType: "application/xml"], writer.finish())
            }
        }
        let own = try await backUp(server)
        #expect(!own.paths.contains { $0.contains("boss") || $0.contains("aunt") })
        #expect(own.notes.contains { $0.contains("3 accounts of others") && $0.contains("delegated=true") })

        // Equal names of different people stay apart, and nobody is asked on another host.
        let all = try await backUp(server, options: ["delegated": "true", "username": "anna", "password": "s3cret"])
        #expect(all.isComplete, "\(all.errors) \(all.gaps)")
        #expect(all.text("/calendars/boss.mine/e.ics")?.contains("UID:of-boss") == true)
        #expect(all.text("/calendars/aunt.mine/e.ics")?.contains("UID:of-aunt") == true)
        #expect(all.text("/calendars/mine/m.ics") != nil && all.objects.count == own.objects.count + 2)
        #expect(server.requests.allSatisfy { $0.url.host == "127.0.0.1" })
        let mine = try await backUp(
            server, options: ["delegated": "true", "shared": "false", "username": "anna", "password": "s3cret"])
        #expect(!mine.paths.contains { $0.contains("boss.") || $0.contains("aunt.") }, "they belong to somebody else")
    }
}
