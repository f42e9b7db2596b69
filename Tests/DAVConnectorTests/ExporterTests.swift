import ConnectorKit
import DAVClient
import DAVConnector
import HTTPTypes
import Testing
import WebDAV
import XMLStream

/// What a restore puts back; the numbers are those of connectors.md, section 1.5.
@Suite struct ExporterTests {
    private static let properties = [
        XMLElement(.displayname, text: "Work"), XMLElement(.calendarColor, text: "#FF0000FF"),
        XMLElement(.calendarOrder, text: "3"), XMLElement(.calendarDescription, text: "all of it"),
        XMLElement(
            .supportedCalendarComponentSet,
            [XMLElement(.comp, attributes: [XMLAttribute(XMLName("", "name"), "VTODO")])]),
    ]

    private func snapshot() async throws -> Snapshot {
        let server = MemoryServer()
        server.addCalendar("work", properties: Self.properties, ["e1.ics": event("1"), "a%2Fb%40c": event("2")])
        server.addCalendar("home", ["e1.ics": event("1", "SUMMARY:Another one of the same name")])
        server.addBook("people", ["anna.vcf": card("anna")])
        return try await backUp(server)
    }

    @Test func point22_collectionsStayApart() async throws {
        let server = MemoryServer()
        let snapshot = try await snapshot()
        let result = try await restore(snapshot, to: server)
        #expect(result.failures.isEmpty)
        #expect(server.with { $0.collections.keys.sorted() } == ["/cal/home/", "/cal/work/", "/card/people/"])
        #expect(server.object("/cal/home/", "e1.ics") != server.object("/cal/work/", "e1.ics"))
        #expect(server.object("/cal/work/", "a%2Fb%40c") == Array(event("2").utf8), "the original name, as on the wire")
        let again = try await backUp(server)
        #expect(again.objects == snapshot.objects)
    }

    @Test func point02_propertiesComeBack() async throws {
        let server = MemoryServer()
        _ = try await restore(try await snapshot(), to: server)
        let restored = try #require(server.with { $0.collections["/cal/work/"] }).properties
        for property in Self.properties { #expect(restored.contains(property), "\(property.name)") }
    }

    @Test func point02_refusedPropertiesCostNothingElse() async throws {
        let server = MemoryServer(.init(refusedProperties: ["calendar-order"]))
        let result = try await restore(try await snapshot(), to: server)
        #expect(result.failures.isEmpty)
        let restored = try #require(server.with { $0.collections["/cal/work/"] }).properties
        #expect(Set(restored.map(\.name)) == Set(Self.properties.map(\.name)).subtracting([.calendarOrder]))
        #expect(
            result.events.contains {
                if case .warning(let text) = $0 { text.contains("calendar-order") } else { false }
            })
    }

    @Test func point07_failuresNameObjectAndReason() async throws {
        let server = MemoryServer()
        server.with { state in
            state.fault = { request, _ in
                request.method.rawValue == "PUT" && request.url.path == "/cal/work/e1.ics" ? .status(403) : nil
            }
        }
        let result = try await restore(try await snapshot(), to: server)
        #expect(result.failures.map(\.path.description) == ["/calendars/work/e1.ics"])
        #expect(result.failures.first?.reason.contains("403") == true)
        #expect(server.object("/cal/work/", "a%2Fb%40c") != nil, "the others go on")
    }

    @Test func point07_promisesAreChecked() async throws {
        let server = MemoryServer()
        // Says 201 and stores nothing.
        server.with { state in
            state.fault = { request, _ in
                request.method.rawValue == "PUT" && request.url.path.hasSuffix("anna.vcf") ? .status(201) : nil
            }
        }
        let result = try await restore(try await snapshot(), to: server)
        #expect(result.failures.map(\.path.description) == ["/addressbooks/people/anna.vcf"])
    }

    @Test func point07_changesAreSaidInWords() async throws {
        let server = MemoryServer(
            .init(rewrite: { bytes in
                let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
                return Array((lines.filter { !$0.hasPrefix("SUMMARY") }.joined(separator: "\r\n") + "\r\n").utf8)
            }))
        let result = try await restore(try await snapshot(), to: server)
        #expect(result.failures.isEmpty)
        #expect(result.events.contains(.warning("The server dropped SUMMARY from 1 event.")))
    }

    @Test func point23_whatIsThereStays() async throws {
        let server = MemoryServer()
        server.addCalendar("work", ["mine.ics": event("mine")])
        let snapshot = try await snapshot()
        let result = try await restore(snapshot, to: server)
        #expect(result.failures.isEmpty)
        #expect(server.with { $0.collections["/cal/work/"]?.objects.keys.sorted() } == ["mine.ics"])
        #expect(server.object("/cal/work-restored/", "e1.ics") != nil)
        let names = server.with { $0.collections["/cal/work-restored/"]?.properties.map(\.text) }
        #expect(names?.contains("Work (restored)") == true)
        // What is there already, whole, is not made a second time.
        let again = try await restore(snapshot, to: server)
        #expect(server.with { $0.collections["/cal/work-restored-2/"] } == nil)
        #expect(again.outlines.allSatisfy { $0.added == 0 && $0.failed == 0 })
        server.with { $0.collections["/cal/work-restored/"]?.objects["e1.ics"] = nil }
        _ = try await restore(snapshot, to: server)
        #expect(server.object("/cal/work-restored-2/", "e1.ics") != nil)
    }

    @Test func point23_emptyCollectionsAreUsed() async throws {
        let server = MemoryServer()
        server.addCalendar("work")
        _ = try await restore(try await snapshot(), to: server)
        #expect(server.object("/cal/work/", "e1.ics") != nil)
        #expect(server.with { $0.collections["/cal/work/"]?.properties.contains(Self.properties[1]) } == true)
    }

    @Test func point23_mergeAddsAndLeaves() async throws {
        let server = MemoryServer()
        let other = event("1", "SUMMARY:edited since")
        server.addCalendar("work", ["e1.ics": other, "mine.ics": event("mine")])
        let result = try await restore(try await snapshot(), to: server, options: ["mode": "merge"])
        #expect(result.failures.isEmpty)
        #expect(server.object("/cal/work/", "e1.ics") == Array(other.utf8))
        #expect(server.object("/cal/work/", "a%2Fb%40c") != nil)
        #expect(server.object("/cal/work/", "mine.ics") != nil)
        #expect(
            result.events.contains {
                if case .warning(let text) = $0 { text.contains("mode=overwrite") } else { false }
            })
    }

    @Test func point23_overwriteReplacesOnlyWhatDiffers() async throws {
        let server = MemoryServer()
        server.addCalendar("work", ["e1.ics": event("1", "SUMMARY:edited since"), "a%2Fb%40c": event("2")])
        let result = try await restore(try await snapshot(), to: server, options: ["mode": "overwrite"])
        #expect(result.failures.isEmpty)
        #expect(server.object("/cal/work/", "e1.ics") == Array(event("1").utf8))
        let puts = server.requests.filter { $0.method.rawValue == "PUT" && $0.url.path.hasPrefix("/cal/work/") }
        #expect(puts.map(\.url.path) == ["/cal/work/e1.ics"])
        #expect(puts.allSatisfy { $0.headers[.ifMatch] != nil })
    }

    @Test func point24_uidConflictsAreSolvedAsTheModeSays() async throws {
        let snapshot = try await snapshot()
        for mode in ["merge", "overwrite"] {
            let server = MemoryServer(.init(refusesUIDTwice: true))
            server.addCalendar("work", ["holder.ics": event("1", "SUMMARY:other name")])
            let result = try await restore(snapshot, to: server, options: ["mode": mode])
            #expect(result.failures.isEmpty)
            #expect(server.object("/cal/work/", "e1.ics") == nil)
            #expect((server.object("/cal/work/", "holder.ics") == Array(event("1").utf8)) == (mode == "overwrite"))
        }
    }

    @Test func point24_uidConflictsInNewCalendarsAreReported() async throws {
        let server = MemoryServer(.init(refusesUIDTwice: true))
        var snapshot = try await snapshot()
        snapshot.files[BytePath("/calendars/work/twin.ics")] = Array(event("1").utf8)
        let result = try await restore(snapshot, to: server)
        #expect(
            result.failures.map(\.path.description) == ["/calendars/work/twin.ics"]
                || result.failures.map(\.path.description) == ["/calendars/work/e1.ics"])
        #expect(result.failures.first?.reason.contains("UID 1") == true)
    }

    @Test func point25_noInvitationsGoOut() async throws {
        let source = MemoryServer()
        let meeting = event(
            "m", "ORGANIZER;CN=\"Anna; the boss: yes\":mailto:anna@example.org",
            "ATTENDEE;SCHEDULE-AGENT=SERVER;PARTSTAT=NEEDS-ACTION;CN=Bert with a name so long that the line must be\r\n"
                + "  folded:mailto:bert@example.org", "SUMMARY:x")
        source.addCalendar("work", ["m.ics": meeting, "plain.ics": event("p")])
        let snapshot = try await backUp(source)

        let quiet = MemoryServer()
        _ = try await restore(snapshot, to: quiet)
        #expect(quiet.object("/cal/work/", "m.ics") == Array(meeting.utf8), "no scheduling, no change")

        let scheduling = MemoryServer(.init(davHeader: "1, 3, calendar-access, calendar-auto-schedule"))
        let result = try await restore(snapshot, to: scheduling)
        let stored = String(decoding: try #require(scheduling.object("/cal/work/", "m.ics")), as: UTF8.self)
        let unfolded = stored.split(separator: "\r\n ", omittingEmptySubsequences: false).joined()
        #expect(
            unfolded.contains("ORGANIZER;CN=\"Anna; the boss: yes\";SCHEDULE-AGENT=CLIENT:mailto:anna@example.org\r\n"))
        #expect(
            unfolded.contains(
                "ATTENDEE;PARTSTAT=NEEDS-ACTION;CN=Bert with a name so long that the line must be folded;"
                    + "SCHEDULE-AGENT=CLIENT:mailto:bert@example.org\r\n"))
        #expect(stored.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 75 })
        #expect(scheduling.object("/cal/work/", "plain.ics") == Array(event("p").utf8))
        #expect(
            result.events.contains { if case .note(let text) = $0 { text.contains("SCHEDULE-AGENT") } else { false } })

        let sending = MemoryServer(.init(davHeader: "calendar-auto-schedule"))
        _ = try await restore(snapshot, to: sending, options: ["invitations": "send"])
        #expect(sending.object("/cal/work/", "m.ics") == Array(meeting.utf8))
    }

    @Test func point29_contentTypesAreSaid() async throws {
        let server = MemoryServer()
        _ = try await restore(try await snapshot(), to: server)
        let puts = server.requests.filter { $0.method.rawValue == "PUT" }
        for put in puts {
            let expected =
                put.url.path.hasPrefix("/card/") ? "text/vcard; charset=utf-8" : "text/calendar; charset=utf-8"
            #expect(put.headers[.contentType] == expected)
            #expect(put.headers[.ifNoneMatch] == "*")
        }
        #expect(puts.count == 4)
    }

    @Test func aLostAnswerIsNoConflict() async throws {
        let server = MemoryServer()
        // The object arrives, the answer does not; the second try finds the object there.
        server.with { state in
            state.fault = { request, state in
                guard request.method.rawValue == "PUT",
                    state.requests.count(where: { $0.url == request.url && $0.method == request.method }) == 1
                else { return nil }
                _ = state.answer(request)
                throw DAVTransportError(.connection, "reset")
            }
        }
        let result = try await restore(try await snapshot(), to: server)
        #expect(result.failures.isEmpty)
        #expect(server.object("/cal/work/", "e1.ics") == Array(event("1").utf8))
    }

    @Test func flatSnapshotsOfPlakarRestoreToo() async throws {
        let flat = Snapshot(files: [
            BytePath("/Dentist visit.ics"): Array(event("1").utf8), BytePath("/x.ics"): Array(event("2").utf8),
        ])
        let server = MemoryServer()
        #expect(try await restore(flat, to: server).failures.isEmpty)
        #expect(server.object("/cal/restored/", "Dentist%20visit.ics") == Array(event("1").utf8))
        server.addCalendar("mine", ["x.ics": event("2")])
        let result = try await restore(flat, to: server, location: "caldav+http://127.0.0.1/cal/mine/")
        #expect(result.failures.isEmpty)
        #expect(
            server.with { $0.collections["/cal/mine/"]?.objects.keys.sorted() } == ["Dentist%20visit.ics", "x.ics"])
    }

    @Test func partsOfASnapshotRestore() async throws {
        let whole = try await snapshot()
        var part = Snapshot()
        for (path, bytes) in whole.files {
            if let relative = path.relative(to: "/calendars/work") { part.files[relative] = bytes }
        }
        let server = MemoryServer()
        #expect(try await restore(part, to: server).failures.isEmpty)
        #expect(server.with { $0.collections.keys.sorted() } == ["/cal/work/"])
        #expect(server.object("/cal/work/", "a%2Fb%40c") == Array(event("2").utf8))
    }

    @Test func severalCollectionsDoNotFitIntoOne() async throws {
        let server = MemoryServer()
        server.addCalendar("mine")
        let snapshot = try await snapshot()
        await #expect(throws: ConnectorError(.invalidConfiguration, "")) {
            try await restore(snapshot, to: server, location: "dav+http://127.0.0.1/cal/mine/")
        }
        #expect(server.count("PUT") == 0)
    }

    @Test func calendarsNeedADestinationForThem() async throws {
        let server = MemoryServer()
        let result = try await restore(try await snapshot(), to: server, location: "carddav+http://127.0.0.1/")
        #expect(!result.failures.isEmpty)
        #expect(result.failures.allSatisfy { $0.path.isWithin("/calendars") })
        #expect(server.object("/card/people/", "anna.vcf") != nil)
    }
}
