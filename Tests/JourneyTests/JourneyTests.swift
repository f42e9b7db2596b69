import Foundation
import PeerPrograms
import Testing

/// The whole journey, told from outside: a person's calendars on one server, lost, and given back whole on another.
@Suite(.serialized) struct JourneyTests {
    @Test func aServerIsLostAndItsCalendarsAreGivenBack() async throws {
        let fasti = try FastiProgram()
        let work = try TemporaryFolder()

        // Anna runs a calendar server at home, and there is an empty one at her brother's.
        let home = try #require(try await PeerServer.start(.fasti, in: work.appending("home")))
        let brothers = try #require(try await PeerServer.start(.fasti, in: work.appending("brothers")))

        // Her calendar and her contacts hold what many programs wrote over the years.
        let family = try await RemoteCollection.create(
            calendar: "/user/calendars/family/", on: home, name: "Family &amp; friends", color: "#FF2968FF")
        let people = try await RemoteCollection.create(
            addressBook: "/user/contacts/people/", on: home, name: "People")
        let corpus = try Corpus.load()
        let stored = try await family.put(corpus.calendar).merging(try await people.put(corpus.contacts)) { $1 }
        let accepted = stored.filter { $0.value == 201 }.map(\.key)
        print("Stored \(accepted.count) of \(stored.count) objects; the server refused the others.")
        #expect(stored.values.allSatisfy { $0 == 201 || (400..<500).contains($0) }, "refused, but never failed")
        #expect(accepted.count > (corpus.isReal ? 450 : 1_999))
        try await expectSentences(stored.filter { $0.value != 201 }.map(\.key), corpus, family, people)

        let calendarBefore = try await family.contents()
        let contactsBefore = try await people.contents()
        for (name, bytes) in calendarBefore {
            #expect(bytes == corpus.calendar[name], "\(name) is not what was stored")
        }
        for (name, bytes) in contactsBefore {
            #expect(bytes == corpus.contacts[name], "\(name) is not what was stored")
        }
        #expect(calendarBefore.count + contactsBefore.count == accepted.count)

        // She backs them up into an encrypted store.
        let store = work.appending("backups")
        try await fasti("source add my-caldav caldav+http://127.0.0.1:\(home.port) username=user password=pass")
        try await fasti("at \(store) create")
        try await fasti("at \(store) backup @my-caldav")

        // The next day some events are changed, some deleted, one is new. She backs up again.
        let names = calendarBefore.keys.sorted()
        let changed = names[3]
        let edited = String(decoding: try #require(calendarBefore[changed]), as: UTF8.self)
            .replacingOccurrences(of: "END:VCALENDAR", with: "X-EDITED:yes\r\nEND:VCALENDAR")
        #expect(try await family.put([changed: Array(edited.utf8)]).values.first == 204)
        let deleted = Array(names[10..<15])
        #expect(try await family.delete(deleted).values.allSatisfy { $0 == 204 })
        try await fasti("at \(store) backup @my-caldav")

        // What happened in between?
        let snapshots = try await fasti.snapshots(of: store)
        #expect(snapshots.count == 2)
        let difference = try await fasti(["at", store, "diff", snapshots[0], snapshots[1], "--json"]).text
        for name in deleted + [changed] { #expect(difference.contains(name.prefix(8)), "the difference names \(name)") }

        // The disk of the server dies. She restores the state of the first day at her brother's.
        await home.stop(signal: SIGKILL)
        try FileManager.default.removeItem(atPath: work.appending("home"))
        try await fasti(
            "destination add my-restore caldav+http://127.0.0.1:\(brothers.port) username=user password=pass")
        try await fasti(["at", store, "restore", "-to", "@my-restore", snapshots[0]])

        // Everything is there: every byte, the names, the colour.
        let restoredFamily = RemoteCollection(server: brothers, path: "/user/calendars/family/")
        let restoredPeople = RemoteCollection(server: brothers, path: "/user/contacts/people/")
        let calendarAfter = try await restoredFamily.contents()
        let contactsAfter = try await restoredPeople.contents()
        #expect(calendarAfter.keys.sorted() == calendarBefore.keys.sorted())
        #expect(contactsAfter.keys.sorted() == contactsBefore.keys.sorted())
        #expect(calendarAfter == calendarBefore)
        #expect(contactsAfter == contactsBefore)
        #expect(try await restoredFamily.property("displayname", namespace: "DAV:") == "Family &amp; friends")
        #expect(try await restoredPeople.property("displayname", namespace: "DAV:") == "People")
        let color = try await restoredFamily.property("calendar-color", namespace: "http://apple.com/ns/ical/")
        #expect(color.uppercased() == "#FF2968FF")

        // The store is sound, by its own check and by a reader that shares no code with it.
        try await fasti("at \(store) check")
        try await Verifier.expectSound(store, passphrase: "correct horse battery staple")
        await brothers.stop()
    }

    /// Every refusal says which rule and why, in words; a sample of them, since each takes a request of its own.
    private func expectSentences(
        _ refused: [String], _ corpus: (calendar: [String: [UInt8]], contacts: [String: [UInt8]], isReal: Bool),
        _ family: RemoteCollection, _ people: RemoteCollection
    ) async throws {
        for (number, name) in refused.sorted().enumerated() where number % 23 == 0 {
            let collection = name.hasSuffix(".vcf") ? people : family
            let address = name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? name
            let answer = try await exchange(
                "PUT", collection.server.url + collection.path + address,
                headers: ["Content-Type": name.hasSuffix(".vcf") ? "text/vcard" : "text/calendar"],
                body: corpus.calendar[name] ?? corpus.contacts[name] ?? [], user: collection.server.credentials)
            let words = answer.text.firstMatch(of: /responsedescription>([^<]{10,})</)?.1
            #expect(words?.contains(" ") == true, "\(name): \(answer.status) \(answer.text)")
        }
    }
}

/// The independent reader of Kloset stores.
enum Verifier {
    static func expectSound(_ store: String, passphrase: String?) async throws {
        guard let python = PeerEnvironment.python, let shared = PeerEnvironment.shared else {
            print("The independent verifier is not here: \(store) was checked by fasti alone.")
            return
        }
        let result = try await run(
            python, [shared.appending(path: "tools/kloset_verify.py").path, "verify", "--strict", store],
            environment: passphrase.map { ["KLOSET_PASSPHRASE": $0] } ?? [:])
        #expect(result.status == 0, "\(result.text.suffix(3000)) \(result.standardError.suffix(1000))")
    }
}
