import Foundation
import PeerPrograms
import Testing

/// The same journey from and to servers of others.
@Suite(.serialized) struct OtherServersTests {
    struct Route: Sendable, CustomTestStringConvertible {
        var from: PeerServer.Kind
        var to: PeerServer.Kind
        var testDescription: String { "from \(from) to \(to)" }
    }

    static let routes = [
        Route(from: .fasti, to: .xandikos), Route(from: .xandikos, to: .fasti), Route(from: .fasti, to: .radicale),
        Route(from: .radicale, to: .fasti),
    ]

    @Test(arguments: routes) func calendarsTravel(_ route: Route) async throws {
        let work = try TemporaryFolder()
        guard let source = try await PeerServer.start(route.from, in: work.appending("source")),
            let target = try await PeerServer.start(route.to, in: work.appending("target"))
        else {
            print("\(route.testDescription): not installed here, run make test")
            return
        }
        let fasti = try FastiProgram()
        let calendar = try await RemoteCollection.create(
            calendar: source.calendarHome + "family/", on: source, name: "Family", color: "#2968FFFF")
        let book = try await RemoteCollection.create(
            addressBook: source.addressBookHome + "people/", on: source, name: "People")
        let stored = try await calendar.put(Corpus.seededEvents(210)).merging(book.put(Corpus.seededCards(20))) { $1 }
        try #require(stored.values.allSatisfy { $0 == 201 || $0 == 204 })
        let events = try await calendar.contents()
        let cards = try await book.contents()

        // A snapshot of everything, a change and some deletions, another snapshot.
        let store = work.appending("store")
        try await fasti("source add account caldav+http://127.0.0.1:\(source.port) username=user password=pass")
        try await fasti("at \(store) create -plaintext")
        try await fasti("at \(store) backup @account")
        let names = events.keys.sorted()
        _ = try await calendar.delete(Array(names[..<10]))
        try await fasti("at \(store) backup @account")
        let snapshots = try await fasti.snapshots(of: store)
        try #require(snapshots.count == 2)
        let difference = try await fasti(["at", store, "diff", "--paths", snapshots[0], snapshots[1]]).text
        for name in names[..<10] {
            #expect(difference.contains(name.prefix(9)), "\(name) is missing from the difference")
        }

        // The first state, on the other server.
        try await fasti("destination add other caldav+http://127.0.0.1:\(target.port) username=user password=pass")
        try await fasti(["at", store, "restore", "-to", "@other", snapshots[0]])
        let restoredCalendar = RemoteCollection(server: target, path: target.calendarHome + "family/")
        let restoredBook = RemoteCollection(server: target, path: target.addressBookHome + "people/")
        let restoredEvents = try await restoredCalendar.contents()
        let restoredCards = try await restoredBook.contents()
        if route.to == .fasti {
            #expect(restoredEvents == events, "our server keeps every byte")
            #expect(restoredCards == cards)
        }
        try await expectSameMeaning(events, restoredEvents, in: work, "events")
        try await expectSameMeaning(cards, restoredCards, in: work, "cards")
        #expect(try await restoredCalendar.property("displayname", namespace: "DAV:") == "Family")
        #expect(try await restoredBook.property("displayname", namespace: "DAV:") == "People")
        let color = try await restoredCalendar.property("calendar-color", namespace: "http://apple.com/ns/ical/")
        #expect(color.uppercased().hasPrefix("#2968FF"))
        try await Verifier.expectSound(store, passphrase: nil)
        await source.stop()
        await target.stop()
    }

    /// Asks a program of others, since these servers write objects anew.
    private func expectSameMeaning(
        _ before: [String: [UInt8]], _ after: [String: [UInt8]], in work: TemporaryFolder, _ what: String
    ) async throws {
        let folders = ["before", "after"].map { work.appending("\(what)-\($0)") }
        for (folder, objects) in zip(folders, [before, after]) {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for (name, bytes) in objects {
                try Data(bytes).write(to: URL(filePath: folder).appending(path: name))
            }
        }
        let python = try #require(PeerEnvironment.python)
        let script = PeerEnvironment.packageRoot.appending(path: "Tests/Peers/compare.py").path
        let result = try await run(python, [script] + folders)
        #expect(result.status == 0, "\(what): \(result.text.suffix(4000)) \(result.standardError.suffix(2000))")
    }
}

extension PeerServer {
    fileprivate var calendarHome: String { kind == .radicale ? "/user/" : "/user/calendars/" }
    fileprivate var addressBookHome: String { kind == .radicale ? "/user/" : "/user/contacts/" }
}
