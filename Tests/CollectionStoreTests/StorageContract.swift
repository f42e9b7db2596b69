import CollectionStore
import PeerPrograms
import SeededNumbers
import Testing

/// What every `CollectionStorage` must do; a second implementation runs the same list by adding itself to `storages`.
@Suite struct StorageContract {
    struct Provider: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let make: @Sendable (TemporaryFolder) throws -> any CollectionStorage
    }

    static let storages = [
        Provider(testDescription: "git") { try GitCollectionStorage(root: $0.path) },
        Provider(testDescription: "git behind a journal") {
            try GitCollectionStorage(root: $0.path, journaled: true)
        },
        Provider(testDescription: "git behind a journal, that others keep locking") {
            try DisturbedStorage(GitCollectionStorage(root: $0.path, journaled: true))
        },
    ]

    private let author = ChangeAuthor(user: "ada", userAgent: nil)

    private func prepared(_ provider: Provider) async throws -> (any CollectionStorage, CollectionPath, TemporaryFolder)
    {
        let folder = try TemporaryFolder()
        let storage = try provider.make(folder)
        let path = try CollectionPath("/cal")
        try await storage.createCollection(at: path, type: .calendar, properties: .init(), by: author)
        return (storage, path, folder)
    }

    @Test(arguments: storages)
    func membersAreKeptByteForByte(provider: Provider) async throws {
        let (storage, path, folder) = try await prepared(provider)
        // Odd folding, LF, a trailing space: all of it comes back.
        let odd = Array(
            "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:odd\nDTSTAMP:20240101T000000Z\nDTSTART:20240101\nSUMMARY:a \n b\nEND:VEVENT\nEND:VCALENDAR\n"
                .utf8)
        let name = try MemberName("žluť-odd.ics")
        let outcome = try await storage.put(odd, as: name, in: path, if: .any, by: author)
        #expect(outcome.created && outcome.changed)
        let view = try await storage.view(path)
        let member = try #require(try await view.member(named: name))
        #expect(try await view.content(of: member) == odd)
        #expect(member.etag == outcome.etag)
        #expect(member.size == odd.count)
        #expect(member.lastModified > 1_600_000_000)
        #expect(try await view.members() == [member])
        #expect(view.memberCount == 1)
        #expect(try await view.member(uid: "odd") == member)
        #expect(try await view.member(uid: "other") == nil)
        #expect(try await view.facts(of: member).components == ["VEVENT"])
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: storages)
    func conditionsDecide(provider: Provider) async throws {
        let (storage, path, folder) = try await prepared(provider)
        let name = try MemberName("a.ics")
        func put(_ summary: String, _ condition: WriteCondition) async throws -> PutOutcome {
            try await storage.put(Samples.event("a", summary: summary), as: name, in: path, if: condition, by: author)
        }
        #expect(await code { _ = try await put("0", .present) } == .preconditionFailed)
        let first = try await put("1", .absent)
        #expect(await code { _ = try await put("2", .absent) } == .preconditionFailed)
        let second = try await put("2", .matches([first.etag]))
        #expect(!second.created && second.changed && second.etag != first.etag)
        let stale = await failure { _ = try await put("3", .matches([first.etag])) }
        #expect(stale?.code == .preconditionFailed)
        #expect(stale?.currentETag == second.etag)
        let same = try await put("2", .present)
        #expect(!same.created && !same.changed && same.etag == second.etag)
        #expect(
            await code { try await storage.delete(name, in: path, if: .matches([first.etag]), by: author) }
                == .preconditionFailed)
        try await storage.delete(name, in: path, if: .matches([second.etag]), by: author)
        #expect(await code { try await storage.delete(name, in: path, if: .any, by: author) } == .notFound)
        #expect(try await storage.view(path).members().isEmpty)
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: storages)
    func uidsAreUniqueWithinACollection(provider: Provider) async throws {
        let (storage, path, folder) = try await prepared(provider)
        let (a, b) = (try MemberName("a.ics"), try MemberName("b.ics"))
        _ = try await storage.put(Samples.event("one"), as: a, in: path, if: .any, by: author)
        let conflict = await failure {
            _ = try await storage.put(Samples.event("one", summary: "x"), as: b, in: path, if: .any, by: author)
        }
        #expect(conflict?.code == .uidConflict)
        #expect(conflict?.member == a)
        _ = try await storage.put(Samples.event("one", summary: "changed"), as: a, in: path, if: .any, by: author)
        _ = try await storage.put(Samples.event("two"), as: b, in: path, if: .any, by: author)
        try await storage.delete(a, in: path, if: .any, by: author)
        _ = try await storage.put(Samples.event("one"), as: MemberName("c.ics"), in: path, if: .any, by: author)
        let other = try CollectionPath("/other")
        try await storage.createCollection(at: other, type: .calendar, properties: .init(), by: author)
        _ = try await storage.put(Samples.event("one"), as: a, in: other, if: .any, by: author)
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: storages)
    func contentIsChecked(provider: Provider) async throws {
        let (storage, path, folder) = try await prepared(provider)
        let name = try MemberName("a.ics")
        for bad in ["", "hello", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "BEGIN:VCARD\r\nEND:VCARD\r\n"] {
            let error = await failure {
                _ = try await storage.put(Array(bad.utf8), as: name, in: path, if: .any, by: author)
            }
            #expect(error?.code == .invalidContent || error?.code == .unsupportedComponent, "\(bad)")
            #expect(error?.precondition != nil)
        }
        try await storage.updateProperties(at: path, by: author) { $0.supportedComponents = ["VTODO"] }
        #expect(
            await code { _ = try await storage.put(Samples.event("a"), as: name, in: path, if: .any, by: author) }
                == .unsupportedComponent)
        let task = Samples.event("a", kind: "VTODO")
        _ = try await storage.put(task, as: name, in: path, if: .any, by: author)
        let missing = try CollectionPath("/nowhere")
        #expect(
            await code { _ = try await storage.put(task, as: name, in: missing, if: .any, by: author) } == .notFound)
        #expect(await code { try await storage.delete(name, in: missing, if: .any, by: author) } == .notFound)
        #expect(await code { try await storage.updateProperties(at: missing, by: author) { _ in } } == .notFound)
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: storages)
    func propertiesAreKept(provider: Provider) async throws {
        let (storage, path, folder) = try await prepared(provider)
        var wanted = CollectionProperties()
        wanted.displayName = "Práce 100 % = a: b"
        wanted.description = "\n One\nTwo\n\n# three\n; four\n  %(five)s \n"
        wanted.color = "#ff0000ff"
        wanted.order = "3"
        wanted.timeZone = "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:X\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n"
        wanted.timeZoneID = "Europe/Prague"
        wanted.supportedComponents = ["VEVENT", "VTODO"]
        wanted.memberProperties = [
            try MemberName("a b%ž.ics"): ["{urn:x}p": "<p xmlns='urn:x'>\n 100 % </p>", "{}q": "<q/>"],
            try MemberName("c"): ["{urn:x}p": "<p/>"],
        ]
        wanted.availability =
            "BEGIN:VCALENDAR\r\nBEGIN:VAVAILABILITY\r\nUID:x\r\nEND:VAVAILABILITY\r\nEND:VCALENDAR\r\n"
        wanted.grants = [
            AccessGrant(.principal(try CollectionPath("/bob")), .read),
            AccessGrant(.principal(try CollectionPath("/carol ann")), .freeBusy), AccessGrant(.authenticated, .write),
        ]
        wanted.deadProperties = ["{urn:x y}ab": "<a xmlns='urn:x'>\r\n 1 \\n % </a>", "{}n": "<n/>"]
        let properties = wanted
        let before = try await storage.view(path).syncToken
        try await storage.updateProperties(at: path, by: author) { $0 = properties }
        let view = try await storage.view(path)
        #expect(view.properties == properties)
        #expect(view.type == .calendar)
        #expect(view.displayName == "Práce 100 % = a: b")
        #expect(view.syncToken != before)
        #expect(try await view.members().isEmpty)
        try await storage.updateProperties(at: path, by: author) { $0 = CollectionProperties() }
        let cleared = try await storage.view(path)
        #expect(cleared.properties == CollectionProperties())
        #expect(cleared.displayName == "cal")
        #expect(
            await code {
                try await storage.updateProperties(at: path, by: author) { properties throws(CollectionStoreError) in
                    properties.color = "lost"
                    throw CollectionStoreError(.invalidProperty, "no")
                }
            } == .invalidProperty)
        #expect(try await storage.view(path).syncToken == cleared.syncToken)
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: storages)
    func changesLeadFromAnyStateToTheLatest(provider: Provider) async throws {
        let (storage, path, folder) = try await prepared(provider)
        var random = SeededGenerator(seed: 7)
        var states: [(token: SyncToken, members: [MemberName: ETag])] = []
        for step in 0..<40 {
            let name = try MemberName("m\(Int.random(in: 0..<10, using: &random)).ics")
            if Int.random(in: 0..<3, using: &random) == 0, try await storage.view(path).member(named: name) != nil {
                try await storage.delete(name, in: path, if: .any, by: author)
            } else {
                let bytes = Samples.event(name.string, summary: "step \(step)")
                _ = try await storage.put(bytes, as: name, in: path, if: .any, by: author)
            }
            let view = try await storage.view(path)
            let members = try await view.members()
            states.append((view.syncToken, Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.etag) })))
        }
        let view = try await storage.view(path)
        let last = try #require(states.last)
        let start = SyncToken("nothing known")
        for limit in [nil, 1, 3] {
            for state in states + [(token: start, members: [:])] {
                var known = state.members
                var token: SyncToken? = state.token == start ? nil : state.token
                var rounds = 0
                while true {
                    let changes = try await view.changes(since: token, limit: limit)
                    if let limit { #expect(changes.changed.count + changes.removed.count <= limit) }
                    for member in changes.changed { known[member.name] = member.etag }
                    for name in changes.removed { known[name] = nil }
                    token = changes.token
                    rounds += 1
                    if !changes.isTruncated || rounds > 100 { break }
                }
                #expect(known == last.members)
                #expect(token == last.token)
            }
        }
        for bad in ["", "x", String(repeating: "0", count: 40), last.token.description + "-", "a-b-c"] {
            #expect(await code { _ = try await view.changes(since: SyncToken(bad), limit: nil) } == .invalidToken)
        }
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: storages)
    func membersAreRenamed(provider: Provider) async throws {
        let (storage, path, folder) = try await prepared(provider)
        let (a, b, c) = (try MemberName("a.ics"), try MemberName("b.ics"), try MemberName("c.ics"))
        let one = try await storage.put(Samples.event("one"), as: a, in: path, if: .any, by: author)
        _ = try await storage.put(Samples.event("two"), as: b, in: path, if: .any, by: author)
        try await storage.updateProperties(at: path, by: author) { $0.memberProperties = [a: ["{}p": "<p/>"]] }
        let before = try await storage.view(path).syncToken
        func rename(_ from: MemberName, _ to: MemberName, _ replacing: WriteCondition = .any) async throws -> PutOutcome
        {
            try await storage.rename(from, to: to, in: path, if: .any, replacing: replacing, by: author)
        }
        #expect(await code { _ = try await rename(a, b, .absent) } == .preconditionFailed)
        #expect(await code { _ = try await rename(c, b) } == .notFound)
        let moved = try await rename(a, c, .absent)
        #expect(moved.created && moved.etag == one.etag)
        let view = try await storage.view(path)
        #expect(try await view.members().map(\.name) == [b, c])
        #expect(view.properties.memberProperties == [c: ["{}p": "<p/>"]])
        #expect(try await view.member(uid: "one")?.name == c)
        let changes = try await view.changes(since: before, limit: nil)
        #expect(changes.changed.map(\.name) == [c] && changes.removed == [a])
        // Replacing frees the UID of what was there, and keeps the other taken.
        #expect(try await rename(c, b).created == false)
        _ = try await storage.put(Samples.event("two"), as: a, in: path, if: .absent, by: author)
        let conflict = await failure {
            _ = try await storage.put(Samples.event("one"), as: c, in: path, if: .absent, by: author)
        }
        #expect(conflict?.code == .uidConflict && conflict?.member == b)
        try await storage.delete(b, in: path, if: .any, by: author)
        #expect(try await storage.view(path).properties.memberProperties == [:], "properties go with the member")
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: storages)
    func collectionsAreMoved(provider: Provider) async throws {
        let (storage, path, folder) = try await prepared(provider)
        let (inner, target) = (try CollectionPath("/cal/inner"), try CollectionPath("/moved"))
        try await storage.createCollection(at: inner, type: .other, properties: .init(), by: author)
        _ = try await storage.put(Samples.event("a"), as: MemberName("a.ics"), in: path, if: .any, by: author)
        let token = try await storage.view(path).syncToken
        func move(_ from: CollectionPath, _ to: CollectionPath) async throws {
            try await storage.moveCollection(from: from, to: to, by: author)
        }
        #expect(await code { try await move(path, inner) } == .invalidName)
        #expect(await code { try await move(path, try CollectionPath("/no/where")) } == .parentMissing)
        #expect(await code { try await move(target, try CollectionPath("/other")) } == .notFound)
        try await move(path, target)
        #expect(await code { try await move(target, target) } == .invalidName)
        let view = try await storage.view(target)
        #expect(view.type == .calendar)
        let since = try await view.changes(since: token, limit: nil)
        #expect(since.changed.isEmpty && since.removed.isEmpty, "a client goes on at the new place")
        #expect(try await view.members().map(\.name.string) == ["a.ics"])
        #expect(try await storage.children(of: target) == ["inner"])
        guard case .missing = try await storage.node(at: path) else {
            Issue.record("nothing is left at the old place")
            return
        }
        _ = try await storage.put(Samples.event("b"), as: MemberName("b.ics"), in: target, if: .any, by: author)
        #expect(await code { try await move(target, target) } == .invalidName)
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: storages)
    func collectionsAreMadeAndRemoved(provider: Provider) async throws {
        let (storage, path, folder) = try await prepared(provider)
        func create(_ path: String) async throws {
            try await storage.createCollection(
                at: CollectionPath(path), type: .calendar, properties: .init(), by: author)
        }
        #expect(await code { try await create("/cal") } == .alreadyExists)
        #expect(await code { try await create("/") } == .alreadyExists)
        #expect(await code { try await create("/no/where") } == .parentMissing)
        _ = try await storage.put(Samples.event("a"), as: MemberName("a.ics"), in: path, if: .any, by: author)
        #expect(await code { try await create("/cal/a.ics") } == .alreadyExists)
        #expect(await code { try await create("/cal/a.ics/b") } == .parentMissing)
        try await create("/cal/inner")
        #expect(
            await code {
                _ = try await storage.put(Samples.event("i"), as: MemberName("inner"), in: path, if: .any, by: author)
            } == .alreadyExists)
        try await storage.createDirectory(at: CollectionPath("/person"))
        #expect(await code { try await storage.createDirectory(at: CollectionPath("/person")) } == .alreadyExists)
        #expect(try await storage.children(of: .root) == ["cal", "person"])
        #expect(try await storage.children(of: path) == ["inner"])
        #expect(await code { _ = try await storage.children(of: CollectionPath("/none")) } == .notFound)
        guard case .member(let member, let view) = try await storage.node(at: CollectionPath("/cal/a.ics")) else {
            Issue.record("a member is a node")
            return
        }
        #expect(member.name.string == "a.ics" && view.path == path)
        guard case .directory(let directory) = try await storage.node(at: CollectionPath("/person")) else {
            Issue.record("a principal is a directory")
            return
        }
        #expect(directory.settings == PrincipalSettings())
        try await storage.deleteCollection(at: path, by: author)
        for gone in ["/cal", "/cal/inner", "/cal/a.ics"] {
            guard case .missing = try await storage.node(at: CollectionPath(gone)) else {
                Issue.record("\(gone) should be gone")
                continue
            }
        }
        #expect(await code { try await storage.deleteCollection(at: path, by: author) } == .notFound)
        #expect(await code { try await storage.deleteCollection(at: .root, by: author) } == .invalidName)
        try await create("/cal")
        #expect(try await storage.view(path).members().isEmpty)
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: storages)
    func fiveHundredWritersAtOnce(provider: Provider) async throws {
        let (storage, path, folder) = try await prepared(provider)
        let author = author
        let etags = try await withThrowingTaskGroup(of: (MemberName, ETag).self) { group in
            for number in 0..<500 {
                group.addTask {
                    let name = try MemberName("event-\(number).ics")
                    let bytes = Samples.event("uid-\(number)", summary: "Event \(number)")
                    return (name, try await storage.put(bytes, as: name, in: path, if: .absent, by: author).etag)
                }
            }
            var etags: [MemberName: ETag] = [:]
            for try await (name, etag) in group { etags[name] = etag }
            return etags
        }
        let members = try await storage.view(path).members()
        #expect(Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.etag) }) == etags)
        #expect(members.map(\.name) == members.map(\.name).sorted())

        // Of those who create one name, or one UID, at the same time, exactly one wins.
        let winners = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<40 {
                group.addTask {
                    await code {
                        _ = try await storage.put(
                            Samples.event("same", summary: "\(number)"),
                            as: MemberName(number % 2 == 0 ? "same.ics" : "same-\(number).ics"), in: path, if: .absent,
                            by: author)
                    } == nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
        #expect(try await storage.view(path).memberCount == 501)
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: storages)
    func principalsKeepTheirSettings(provider: Provider) async throws {
        let folder = try TemporaryFolder()
        let storage = try provider.make(folder)
        let principal = try CollectionPath("/people/ada")
        try await storage.createDefaults(principal: principal, by: author)
        try await storage.createDefaults(principal: principal, by: author)
        #expect(try await storage.children(of: principal) == ["calendars", "contacts", "inbox", "outbox"])
        let calendar = try await storage.view(CollectionPath("/people/ada/calendars/calendar"))
        #expect(calendar.type == .calendar && calendar.displayName == "calendar")
        #expect(try await storage.view(CollectionPath("/people/ada/contacts/addressbook")).type == .addressbook)
        #expect(try await storage.view(CollectionPath("/people/ada/inbox")).type == .scheduleInbox)
        #expect(try await storage.view(CollectionPath("/people/ada/calendars")).type == .other)
        let shared = try CollectionPath("/people/bob/calendars/work, all")
        try await storage.updatePrincipal(at: principal) {
            $0.addresses = ["mailto:ada@example.org", "mailto:a@example.org"]
            $0.calendarHomes = ["calendars", "more"]
            $0.displayName = "Ada, Countess"
            $0.shares = [shared]
        }
        guard case .directory(let directory) = try await storage.node(at: principal) else {
            Issue.record("a principal is a directory")
            return
        }
        #expect(directory.settings.addresses == ["mailto:ada@example.org", "mailto:a@example.org"])
        #expect(directory.settings.calendarHomes == ["calendars", "more"])
        #expect(directory.settings.displayName == "Ada, Countess" && directory.settings.shares == [shared])
        #expect(directory.settings.addressbookHomes == ["contacts"])
        #expect(directory.settings.defaultCalendarURL == "/people/ada/calendars/calendar")
    }
}
