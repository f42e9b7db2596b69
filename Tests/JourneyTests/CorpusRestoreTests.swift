import Foundation
import PeerPrograms
import Testing

/// The real calendars and contacts of many programs go to servers that are stricter than ours: nothing is lost without a
/// word, and a second run does nothing again.
@Suite(.serialized) struct CorpusRestoreTests {
    @Test(arguments: [PeerServer.Kind.radicale, .xandikos])
    func everyObjectArrivesOrIsNamed(kind: PeerServer.Kind) async throws {
        guard PeerEnvironment.shared != nil else {
            print("Skipped: the corpus of real calendars is not here.")
            return
        }
        let work = try TemporaryFolder()
        guard let target = try await PeerServer.start(kind, in: work.appending("target")) else {
            print("Skipped: \(kind) is not installed here.")
            return
        }
        let source = try #require(try await PeerServer.start(.fasti, in: work.appending("source")))
        let family = try await RemoteCollection.create(
            calendar: "/user/calendars/family/", on: source, name: "Family", color: "#FF2968FF")
        let people = try await RemoteCollection.create(
            addressBook: "/user/contacts/people/", on: source, name: "People")
        // A part of it, since these servers take their time.
        let corpus = try Corpus.load()
        func part(_ files: [String: [UInt8]]) -> [String: [UInt8]] {
            let chosen = files.sorted { $0.key < $1.key }.enumerated().filter { $0.offset % 8 == 0 }.map(\.element)
            return Dictionary(uniqueKeysWithValues: chosen.map { ($0.key, $0.value) })
        }
        let stored = try await family.put(part(corpus.calendar)).merging(people.put(part(corpus.contacts))) { $1 }
        let count = stored.values.count { $0 == 201 }
        #expect(count > 40)

        let fasti = try FastiProgram()
        let store = work.appending("store")
        let login = ["-o", "username=user", "-o", "password=pass"]
        try await fasti(["at", store, "create", "-plaintext"])
        try await fasti(["at", store, "backup", "dav+http://127.0.0.1:\(source.port)/"] + login)
        let words = ["at", store, "restore", "-json", "-to", "dav+http://127.0.0.1:\(target.port)/", "latest"] + login
        let first = try outcome(try await fasti(words, expecting: 3))
        #expect(first.added + first.failures.count == count, "\(first.added) and \(first.failures.count) of \(count)")
        #expect(first.failures.allSatisfy { $0.contains("PUT http") && !$0.contains(" .") }, "\(first.failures)")
        // What was refused once is refused again, in the same place; nothing else is touched.
        let again = try outcome(try await fasti(words, expecting: 3))
        #expect(again.added == 0 && again.failures.count == first.failures.count, "\(again)")
        #expect(!again.places.contains { $0.contains("restored") }, "\(again.places)")

        // What arrived is backed up from there like anything else.
        try await fasti(["at", store, "backup", "dav+http://127.0.0.1:\(target.port)/"] + login)
        try await fasti(["at", store, "check"])
        await source.stop()
        await target.stop()
    }

    private struct Outcome {
        var added = 0
        var failures: [String] = []
        var places: [String] = []
    }

    private func outcome(_ result: ProgramResult) throws -> Outcome {
        let last = try #require(result.text.split(separator: "\n").last)
        let event = try #require(JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
        let data = try #require(event["data"] as? [String: Any])
        var outcome = Outcome()
        for collection in try #require(data["collections"] as? [[String: Any]]) {
            outcome.added += collection["added"] as? Int ?? 0
            outcome.places.append(collection["place"] as? String ?? "")
        }
        for failure in data["failures"] as? [[String: Any]] ?? [] {
            outcome.failures.append(failure["error"] as? String ?? failure["reason"] as? String ?? "")
        }
        return outcome
    }
}
