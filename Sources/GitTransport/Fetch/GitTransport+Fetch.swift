import CollectionStore
import HTTPTypes
import Logging
import NIOCore

extension GitTransport {
    /// What there is to fetch. Everything that has been acknowledged is in git by then.
    func advertiseForFetch(
        _ request: GitRequest, _ place: GitPlace, _ executable: GitExecutable
    ) async throws -> GitAnswer {
        guard let repository = try await storage.repository(of: place.path) else {
            return GitAnswer(.notFound, "There is no collection \(place.path).")
        }
        let process = self.process(request, executable, ["--advertise-refs"], repository)
        var bytes: [UInt8] = []
        // From version 2 on the service is not named in front.
        if request.version < 2 {
            bytes += PacketLine.encode("# service=\(request.service.rawValue)\n") + PacketLine.flush
        }
        guard await turns.take() else { return Self.busy }
        let outcome: GitProcess.Outcome
        do {
            outcome = try await process.run { bytes.append(contentsOf: $0.readableBytesView) }
            await turns.giveBack()
        } catch {
            await turns.giveBack()
            throw error
        }
        guard outcome.status == 0 else {
            throw GitTransportError("upload-pack ended with \(outcome.status): \(outcome.complaint)")
        }
        return GitAnswer("application/x-\(request.service.rawValue)-advertisement", .bytes(bytes))
    }

    /// Answers one round: what is common, or the pack, which goes out as git makes it.
    func fetch(
        _ request: GitRequest, _ place: GitPlace, _ executable: GitExecutable, _ question: UnnamedFile
    ) async throws -> GitAnswer {
        guard let repository = try await storage.repository(of: place.path) else {
            return GitAnswer(.notFound, "There is no collection \(place.path).")
        }
        let process = self.process(request, executable, ["--timeout=60"], repository)
        guard await turns.take() else { return Self.busy }
        let (turns, logger) = (turns, logger)
        // Given back also when nobody ever asks for the body.
        let turn = TurnHolder(turns)
        return GitAnswer(
            "application/x-\(request.service.rawValue)-result",
            .stream { write in
                defer { turn.giveBack() }
                let outcome = try await process.run(input: question) { try await write($0) }
                // A client that changes its mind ends it too.
                if outcome.status != 0 {
                    logger.notice("upload-pack ended with \(outcome.status): \(outcome.complaint)")
                    if outcome.status >= 128 { throw GitTransportError("upload-pack was ended.") }
                }
            })
    }

    private func process(
        _ request: GitRequest, _ executable: GitExecutable, _ options: [String], _ repository: ServedRepository
    ) -> GitProcess {
        GitProcess(
            executable: executable,
            arguments: ["upload-pack", "--strict", "--stateless-rpc"] + options + [repository.gitDirectory],
            environment: request.version > 0 ? ["GIT_PROTOCOL=version=\(request.version)"] : [])
    }
}

/// Gives a turn back once: when it is told to, else when nobody needs it any more.
private final class TurnHolder: Sendable {
    private let turns: ProcessTurns
    private let isGivenBack = Flag()

    init(_ turns: ProcessTurns) { self.turns = turns }

    func giveBack() {
        guard isGivenBack.raise() else { return }
        Task { [turns] in await turns.giveBack() }
    }

    deinit { giveBack() }
}
