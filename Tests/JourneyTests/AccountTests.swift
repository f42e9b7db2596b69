import Foundation
import PeerPrograms
import Testing

/// Backups of an account on good and bad days, from the command line: what is said, and with which status; the numbers
/// are those of connectors.md, section 1.5.
@Suite(.serialized) struct AccountTests {
    private struct Scene {
        let server: PeerServer
        let proxy: FaultProxy
        let fasti: FastiProgram
        let work: TemporaryFolder
        var store: String { work.appending("store") }
        var calendar: RemoteCollection

        static func start(events: Int) async throws -> Scene {
            let work = try TemporaryFolder()
            let server = try #require(try await PeerServer.start(.fasti, in: work.appending("server")))
            let proxy = try FaultProxy(to: server.port)
            proxy.begin()
            let fasti = try FastiProgram()
            let calendar = try await RemoteCollection.create(
                calendar: "/user/calendars/family/", on: server, name: "Family", color: "#2968FFFF")
            _ = try await calendar.put(Corpus.seededEvents(events))
            try await fasti("at \(work.appending("store")) create -plaintext")
            return Scene(server: server, proxy: proxy, fasti: fasti, work: work, calendar: calendar)
        }

        func backUp(expecting status: Int32, json: Bool = false) async throws -> ProgramResult {
            try await fasti(["at", store, "backup", "@account"] + (json ? ["--json"] : []), expecting: status)
        }

        func stop() async {
            proxy.stop()
            await server.stop()
        }
    }

    @Test func goodAndBadDays() async throws {
        let scene = try await Scene.start(events: 60)
        let (fasti, proxy) = (scene.fasti, scene.proxy)
        let add = try await fasti(
            "source add account caldav+http://127.0.0.1:\(proxy.port) username=user password=s3cretpass")
        #expect(add.text.contains("It works: ") && add.text.contains("60 objects"))

        // point09: a failing report and failing objects: something is missing, and is said to be.
        proxy.begin { request in
            request.method == "REPORT" || request.target.hasSuffix(".ics") ? .status(500) : nil
        }
        let holes = try await scene.backUp(expecting: 3)
        #expect(holes.text.contains("INCOMPLETE"))
        let document = try await scene.backUp(expecting: 3, json: true)
        let last = try #require(document.text.split(separator: "\n").last)
        let result = try #require(JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
        let data = try #require(result["data"] as? [String: Any])
        #expect(data["complete"] as? Bool == false && data["exitStatus"] as? Int == 3)
        #expect(try await fasti("at \(scene.store) ls --tags").text.contains("incomplete"))

        // point09: a login that ends in the middle, and a network that wants one of its own, leave no snapshot.
        let count = try await fasti.snapshots(of: scene.store).count
        proxy.begin { $0.method == "REPORT" ? .status(401) : nil }
        let expired = try await scene.backUp(expecting: 77)
        #expect(expired.standardError.contains("password"))
        proxy.begin { _ in .page }
        let portal = try await scene.backUp(expecting: 1)
        #expect(portal.standardError.contains("web page"))
        proxy.begin { _ in .redirectElsewhere }
        let stray = try await scene.backUp(expecting: 1)
        #expect(!proxy.strangerHeads.contains { $0.lowercased().contains("authorization") })
        for output in [expired, portal, stray] {
            #expect(!(output.text + output.standardError).contains("s3cretpass"))
        }
        #expect(try await fasti.snapshots(of: scene.store).count == count)

        // point18: a good day, then one on which nothing has changed.
        proxy.begin()
        _ = try await scene.backUp(expecting: 0)
        proxy.begin()
        let unchanged = try await scene.backUp(expecting: 0)
        let counts = try #require(unchanged.text.firstMatch(of: /(\d+) files, (\d+) unchanged/))
        #expect(counts.1 == counts.2 && Int(counts.1) ?? 0 > 60)
        #expect(!proxy.requests.contains { $0.target.contains("/family/") })

        // point09: most of it is gone.
        let names = try await scene.calendar.contents().keys.sorted()
        _ = try await scene.calendar.delete(Array(names[..<40]))
        let loss = try await scene.backUp(expecting: 3)
        #expect((loss.text + loss.standardError).contains("60 objects"))
        _ = try await scene.backUp(expecting: 0)
        await scene.stop()
    }
}
