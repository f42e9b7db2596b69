import CollectionStore
import Compression
import GitObjects
import HTTPTypes
import Logging
import NIOCore
import NIOPosix

extension GitTransport {
    private static let capabilities = "report-status side-band-64k ofs-delta object-format=sha1 agent=fasti"

    /// The one branch that can be pushed.
    func advertiseForPush(_ place: GitPlace) async throws -> GitAnswer {
        guard let repository = try await storage.repository(of: place.path) else {
            return GitAnswer(.notFound, "There is no collection \(place.path).")
        }
        var bytes = PacketLine.encode("# service=git-receive-pack\n") + PacketLine.flush
        let first =
            repository.head.commit.map { "\($0) \(repository.head.reference)" } ?? "\(ObjectID.zero) capabilities^{}"
        bytes += PacketLine.encode("\(first)\0\(Self.capabilities)\n") + PacketLine.flush
        return GitAnswer("application/x-git-receive-pack-advertisement", .bytes(bytes))
    }

    /// Takes a pack, looks at what it would change, and takes the branch there or says why not.
    func receive<Body: AsyncSequence & Sendable>(
        _ request: GitRequest, _ place: GitPlace, _ executable: GitExecutable, _ body: Body
    ) async throws -> GitAnswer where Body.Element == ByteBuffer {
        let push = try await storage.beginPush(to: place.path)
        let spool = try UnnamedFile(in: push.objectsDirectory)
        guard try await keep(body, request, in: spool) else {
            return GitAnswer(.contentTooLarge, "A push may have at most \(Self.largestPush >> 20) MiB.")
        }
        guard let commands = PushCommands(parsing: spool.read(at: 0, count: 1 << 16)) else {
            return GitAnswer(.badRequest, "This is not what git sends to push.")
        }
        let type = "application/x-git-receive-pack-result"
        // git asks so whether it may, before it sends much.
        if commands.commands.isEmpty { return GitAnswer(type, .bytes([])) }
        guard await turns.take() else { return Self.busy }
        do {
            let report = try await answer(commands, push, spool, place, executable)
            await turns.giveBack()
            return GitAnswer(type, .bytes(report.encoded(commands.capabilities)))
        } catch {
            await turns.giveBack()
            throw error
        }
    }

    /// - Returns: false when it is too large.
    private func keep<Body: AsyncSequence & Sendable>(
        _ body: Body, _ request: GitRequest, in spool: UnnamedFile
    ) async throws -> Bool where Body.Element == ByteBuffer {
        var pending: [UInt8] = []
        var total = 0
        for try await buffer in body {
            total += buffer.readableBytes
            guard total <= Self.largestPush else { return false }
            pending.append(contentsOf: buffer.readableBytesView)
            if pending.count >= 1 << 20, !request.isCompressed {
                let piece = pending
                try await NIOThreadPool.singleton.runIfActive { try spool.append(piece) }
                pending.removeAll(keepingCapacity: true)
            }
            // Compressed ones are taken apart in memory.
            if request.isCompressed, pending.count > 64 << 20 { return false }
        }
        if request.isCompressed {
            guard let whole = try? Gzip.decompress(pending, limit: 256 << 20) else { return false }
            pending = whole
        }
        let piece = pending
        try await NIOThreadPool.singleton.runIfActive { try spool.append(piece) }
        return true
    }

    // MARK: Deciding

    private func answer(
        _ commands: PushCommands, _ push: IncomingPush, _ spool: UnnamedFile, _ place: GitPlace,
        _ executable: GitExecutable
    ) async throws -> PushReport {
        var report = PushReport()
        let branch = push.base.reference
        var served: PushCommands.Command?
        for command in commands.commands {
            if command.reference == branch, served == nil, branch != "HEAD" {
                served = command
            } else {
                report.references.append((command.reference, "only \(branch) is served here"))
                report.remarks.append(
                    "This collection has one branch; push to it with: git push origin HEAD:\(branch)")
            }
        }
        guard let served else { return report }
        var refusal: String?
        if served.new == .zero {
            refusal = "the branch of a collection cannot be removed"
        } else if served.old != push.base.commit ?? .zero {
            refusal = "fetch first: the collection has changed meanwhile"
        } else if let failure = try await unpack(spool, from: commands.size, push, executable) {
            report.unpackFailure = failure
            refusal = "the objects cannot be used"
        } else {
            refusal = try await self.refusal(of: served, push, place, executable, &report)
        }
        report.references.append((branch, refusal))
        return report
    }

    private func refusal(
        of command: PushCommands.Command, _ push: IncomingPush, _ place: GitPlace, _ executable: GitExecutable,
        _ report: inout PushReport
    ) async throws -> String? {
        if let old = push.base.commit {
            guard try await succeeds(["merge-base", "--is-ancestor", old.hex, command.new.hex], push, executable) else {
                return "non-fast-forward: what others have already cannot be taken back; merge it"
            }
        }
        let known = push.base.commit.map { ["--not", $0.hex] } ?? []
        guard
            try await succeeds(
                ["rev-list", "--objects", "--quiet", command.new.hex] + known, push, executable)
        else { return "objects are missing, or this is not a commit" }
        let verdict: PushVerdict
        do {
            verdict = try await storage.review(push, to: command.new, place.rules)
        } catch {
            guard error.code == .corrupt else { throw error }
            return "this is not a commit with a sound tree"
        }
        if !verdict.findings.isEmpty {
            report.remarks.append("Nothing was changed, because of:")
            report.remarks += verdict.findings.map { "  \($0.name): \($0.reason)" }
            let count = verdict.findings.count
            return count == 1 ? "a file is refused" : "\(count) files or more are refused"
        }
        if verdict.growth > 0, let reason = await place.refusesGrowth(verdict.growth) {
            report.remarks.append(reason)
            return "there is no room"
        }
        do {
            try await storage.accept(push, to: command.new, by: place.author)
        } catch {
            switch error.code {
            case .preconditionFailed: return "fetch first: the collection has changed meanwhile"
            case .locked:
                report.remarks.append(error.reason)
                return "somebody else is changing the collection; try again"
            default: throw error
            }
        }
        logger.info("A push was taken.", metadata: ["files": "\(verdict.changeCount)"])
        return nil
    }

    // MARK: Programs

    /// - Returns: why the pack is no good.
    private func unpack(
        _ spool: UnnamedFile, from offset: Int, _ push: IncomingPush, _ executable: GitExecutable
    ) async throws -> String? {
        guard spool.size > offset else { return nil }
        let process = GitProcess(
            executable: executable,
            arguments: ["index-pack", "--stdin", "--fix-thin", "--strict", "--max-input-size=\(Self.largestPush)"],
            environment: environment(push))
        let outcome = try await process.run(input: spool, from: offset) { _ in }
        guard outcome.status != 0 else { return nil }
        logger.notice("A push was refused: index-pack ended with \(outcome.status): \(outcome.complaint)")
        let line = outcome.complaint.split(separator: "\n").last { $0.hasPrefix("fatal:") || $0.hasPrefix("error:") }
        return "index-pack: \(line.map { String($0.prefix(200)) } ?? "status \(outcome.status)")"
    }

    private func succeeds(
        _ arguments: [String], _ push: IncomingPush, _ executable: GitExecutable
    ) async throws -> Bool {
        let process = GitProcess(executable: executable, arguments: arguments, environment: environment(push))
        return try await process.run { _ in }.status == 0
    }

    /// git writes beside the repository, and reads both.
    private func environment(_ push: IncomingPush) -> [String] {
        ["GIT_DIR=\(push.gitDirectory)", "GIT_OBJECT_DIRECTORY=\(push.objectsDirectory)"]
    }
}
