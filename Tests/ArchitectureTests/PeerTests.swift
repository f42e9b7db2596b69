import PeerPrograms
import Testing

/// The programs that other tests talk to start, answer and stop.
@Suite struct PeerTests {
    @Test(arguments: [PeerServer.Kind.xandikos, .radicale])
    func peersAnswer(kind: PeerServer.Kind) async throws {
        let folder = try TemporaryFolder()
        guard let server = try await PeerServer.start(kind, in: folder.path) else {
            print("\(kind) is not installed here: run make test")
            return
        }
        let answer = try await exchange("OPTIONS", server.url + "/", user: "user:pass")
        #expect(answer.status == 200)
        #expect(answer.header("DAV")?.contains("calendar-access") == true)
        await server.stop()
        #expect(!server.process.isRunning)
    }
}
