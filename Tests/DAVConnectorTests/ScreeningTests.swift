import ConnectorKit
import DAVClient
import DAVConnector
import HTTPTypes
import Testing
import WebDAV
import XMLStream

/// What a restore leaves to the server: what servers make themselves, and what nobody may write into. Points 5 and 28 of
/// connectors.md, section 1.5; section 2 of it for address books.
@Suite struct ScreeningTests {
    private static func privileges(_ names: XMLName...) -> XMLElement {
        XMLElement(.currentUserPrivilegeSet, names.map { XMLElement(.privilege, [XMLElement($0)]) })
    }

    /// A person's own calendar and address book, and what Nextcloud puts beside them.
    private static func cloud(_ objects: Bool = true) -> MemoryServer {
        let server = MemoryServer()
        let mark = XMLElement(XMLName("http://nextcloud.com/ns", "owner-displayname"), text: "Anna")
        let all = privileges(.read, .write, .bind)
        server.addCalendar(
            "personal", properties: [XMLElement(.displayname, text: "Personal"), mark, all],
            objects ? ["1.ics": event("1")] : [:])
        server.addCalendar(
            "contact_birthdays",
            properties: [XMLElement(.displayname, text: "Contact birthdays"), mark, privileges(.read)],
            ["b.ics": event("b")])
        server.addBook("contacts", objects ? ["anna.vcf": card("anna")] : [:])
        server.addBook("z-server-generated--system", ["users.vcf": card("user")])
        server.addBook("z-app-generated--contactsinteraction--recent", ["r.vcf": card("recent")])
        server.with { state in
            for name in ["z-server-generated--system", "z-app-generated--contactsinteraction--recent"] {
                state.collections["/card/\(name)/"]?.properties = [mark, privileges(.read)]
            }
        }
        return server
    }

    private static func paths(_ server: MemoryServer) -> [String] { server.with { $0.collections.keys.sorted() } }

    @Test func point28_whatTheServerMakesItselfIsLeftToIt() async throws {
        let snapshot = try await backUp(Self.cloud())
        #expect(snapshot.objects.count == 5, "it is kept all the same")
        let target = Self.cloud(false)
        let before = Self.paths(target)
        let result = try await restore(snapshot, to: target)
        #expect(result.failures.isEmpty, "\(result.failures)")
        #expect(result.outlines.map(\.added) == [1, 1])
        #expect(Self.paths(target) == before, "nothing is made beside")
        for words in [
            "\"Contact birthdays\" is left to the server: it is made from the birthdays",
            "the address book of all users", "Left 3 collections to the server.",
        ] {
            #expect(result.words.contains(words), "\(words) in \(result.words)")
        }
        #expect(
            !target.requests.contains {
                ["PUT", "MKCALENDAR"].contains($0.method.rawValue) && $0.url.path.contains("generated")
            })
    }

    /// Only what Google makes itself is left to Google, where every address ends alike.
    @Test func point28_googlesOwnCalendarsAreKnownByTheirDomain() async throws {
        func account() -> MemoryServer {
            let server = MemoryServer()
            for (name, rights) in [
                ("anna%40gmail.com", Self.privileges(.all)),
                ("de.german%23holiday%40group.v.calendar.google.com", Self.privileges(.read)),
            ] {
                server.with { state in
                    let path = "/cal/\(name)/events/"
                    state.collections[path] = .init(
                        kind: .calendar, properties: [XMLElement(.displayname, text: name), rights])
                    state.store(Array(event("of-\(name.prefix(2))").utf8), path, "e.ics", "text/calendar")
                }
            }
            return server
        }
        let snapshot = try await backUp(account())
        #expect(snapshot.objects.count == 2)
        let result = try await restore(snapshot, to: account(), options: ["mode": "merge"])
        #expect(result.failures.isEmpty && result.words.contains("made by Google"), "\(result.words)")
        #expect(result.outlines.map(\.unchanged) == [1])
    }

    @Test func point28_copiesAreMadeWhenAskedFor() async throws {
        let snapshot = try await backUp(Self.cloud())
        let target = Self.cloud(false)
        let result = try await restore(snapshot, to: target, options: ["readonly": "copy"])
        #expect(result.failures.isEmpty, "\(result.failures)")
        let new = Set(Self.paths(target)).subtracting(Self.paths(Self.cloud()))
        #expect(
            new == [
                "/cal/contact-birthdays/", "/card/z-server-generated-system/",
                "/card/z-app-generated-contactsinteraction-recent/",
            ], "\(new)")
        let name = target.with { $0.collections["/cal/contact-birthdays/"]?.properties }?.first {
            $0.name == .displayname
        }
        #expect(name?.text == "Contact birthdays (restored)")
        let again = try await restore(snapshot, to: target, options: ["readonly": "copy"])
        #expect(again.failures.isEmpty && again.outlines.allSatisfy { $0.added == 0 }, "\(again.words)")
    }

    /// On a server of another kind nobody makes them anew: then they are data like any other.
    @Test func point28_anotherServerGetsThemAll() async throws {
        let snapshot = try await backUp(Self.cloud())
        let target = MemoryServer()
        let result = try await restore(snapshot, to: target)
        #expect(result.failures.isEmpty && result.outlines.map(\.added) == [1, 1, 1, 1, 1], "\(result.words)")
    }

    @Test func point28_whatIsReadOnlyThereIsLeftAndSaid() async throws {
        let source = MemoryServer()
        source.addCalendar(
            "team", properties: [XMLElement(.displayname, text: "Team"), Self.privileges(.read)], ["1.ics": event("1")])
        source.addCalendar("own", ["2.ics": event("2")])
        let snapshot = try await backUp(source)
        let target = MemoryServer()
        target.addCalendar(
            "team", properties: [XMLElement(.displayname, text: "Team"), Self.privileges(.read)], ["9.ics": event("9")])
        for mode in ["new", "merge", "overwrite"] {
            target.forgetRequests()
            let result = try await restore(snapshot, to: target, options: ["mode": mode])
            #expect(result.failures.isEmpty && result.words.contains("\"Team\" is there, and read-only"), "\(mode)")
            #expect(!target.requests.contains { $0.url.path.contains("team") && $0.method == .put })
        }
        let copied = try await restore(snapshot, to: target, options: ["readonly": "copy"])
        #expect(copied.failures.isEmpty && target.object("/cal/team-restored/", "1.ics") != nil, "\(copied.words)")
        // Sent there by hand it is one refusal, not one for each object.
        let mapped = try await restore(snapshot, to: target, options: ["map": "own=team"])
        #expect(mapped.words.contains("is read-only for this account"), "\(mapped.words)")
        #expect(mapped.failures.count == 1)
    }

    /// A calendar of the account's own is never left out because something read-only has its address now.
    @Test(arguments: ["new", "merge", "overwrite"])
    func point28_whatWasWritableGoesBeside(mode: String) async throws {
        let source = MemoryServer()
        source.addCalendar("team", properties: [XMLElement(.displayname, text: "Team")], ["1.ics": event("1")])
        let snapshot = try await backUp(source)
        let target = MemoryServer()
        target.addCalendar(
            "team", properties: [XMLElement(.displayname, text: "Team"), Self.privileges(.read)], ["9.ics": event("9")])
        let result = try await restore(snapshot, to: target, options: ["mode": mode])
        #expect(result.failures.isEmpty && result.words.contains("is read-only there"), "\(result.words)")
        #expect(target.object("/cal/team-restored/", "1.ics") != nil)
        #expect(target.with { $0.collections["/cal/team/"]?.objects.keys.sorted() } == ["9.ics"])
    }

    @Test func point07_aRestoreOfNothingIsNoSuccess() async throws {
        var snapshot = try await backUp(Self.cloud())
        for path in snapshot.files.keys where !path.description.contains("birthdays") {
            snapshot.files[path] = nil
            snapshot.infos[path] = nil
        }
        await #expect(throws: ConnectorError(.unsupported, "")) { try await restore(snapshot, to: Self.cloud(false)) }
    }

    /// A calendar that was deleted lies in the trash bin, under its old address: the restore gets around it.
    @Test func point24_aCalendarInTheTrashBinIsInNobodysWay() async throws {
        let source = MemoryServer()
        source.addCalendar("work", properties: [XMLElement(.displayname, text: "Work")], ["1.ics": event("1")])
        let snapshot = try await backUp(source)
        let target = MemoryServer()
        target.addCalendar("work", properties: [XMLElement(.displayname, text: "Work")], ["1.ics": event("1")])
        target.with { $0.collections["/cal/work/"]?.type = XMLName("http://nextcloud.com/ns", "deleted-calendar") }
        let kept = try await backUp(target)
        #expect(kept.objects.isEmpty && kept.notes.contains { $0.contains("a calendar in the trash bin") })
        let result = try await restore(snapshot, to: target)
        #expect(
            result.failures.isEmpty && result.words.contains("taken by a calendar in the trash bin"), "\(result.words)")
        let made = try #require(target.with { $0.collections["/cal/work-restored/"] })
        #expect(made.objects.count == 1 && made.properties.first { $0.name == .displayname }?.text == "Work")
    }

    /// Snapshots of other programs, or of another day, may hold what is no calendar.
    @Test(arguments: ["schedule-inbox", "schedule-outbox", "notification", "trash-bin"])
    func point05_machineryIsNotRestored(type: String) async throws {
        let source = MemoryServer()
        source.addCalendar("own", ["2.ics": event("2")])
        source.addCalendar("odd", ["3.ics": event("3")])
        var snapshot = try await backUp(source)
        let path = BytePath("/calendars/odd/.collection.json")
        let text = try #require(snapshot.text("/calendars/odd/.collection.json"))
        #expect(text.contains("calendar xmlns") || text.contains("calendar"))
        let xml = "<resourcetype xmlns='DAV:'><collection/><x:\(type) xmlns:x='urn:x'/></resourcetype>"
        snapshot.files[path] = Array(
            """
            {"format":"fasti-dav-collection","version":1,"kind":"calendar","href":"/cal/odd/",
            "properties":[{"namespace":"DAV:","name":"resourcetype","xml":"\(xml)"}]}
            """.utf8)
        let target = MemoryServer()
        let result = try await restore(snapshot, to: target, options: ["readonly": "copy"])
        #expect(result.failures.isEmpty && result.words.contains("\"odd\" is not restored"), "\(result.words)")
        #expect(Self.paths(target) == ["/cal/own/"])
    }
}
