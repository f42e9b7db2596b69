internal import ArgumentParser
internal import BLAKE3
internal import BackupEngine
internal import ConnectorKit
internal import Crypto
internal import Kloset
internal import KlosetFormat

struct DigestCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "digest", abstract: "Print digests of files of a snapshot.",
        discussion: """
            One line for each file, as sha256sum --tag prints it, so that it can check restored files.

            Examples:
              fasti at /var/backups digest latest:/work
              fasti at /var/backups digest --hashing BLAKE3 3f2a:/work/meeting.ics
            """)

    static let worksOnStore = true

    @Option(name: .customLong("hashing"), help: ArgumentHelp("SHA256 or BLAKE3.", valueName: "algorithm"))
    var hashing = CreateCommand.Hashing.sha256

    @Argument(help: ArgumentHelp("Files or folders in snapshots.", valueName: "snapshot[:path]"))
    var targets: [SnapshotArgument]

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await context.withRepository { repository in
            var document = context.printsJSON ? document(context) : nil
            var failures = JobFailures()
            do {
                for target in targets {
                    let snapshot = try await target.reference.find(in: repository)
                    try await digests(of: target.reference, in: snapshot, &failures) { path, digest in
                        if document != nil {
                            try document?.append(["path": .path(path.bytes), "digest": .string(digest)])
                        } else {
                            try context.output.line("\(hashing.rawValue) (\(path)) = \(digest)")
                        }
                    }
                }
            } catch {
                try document?.abandon()
                throw error
            }
            try document?.finish(tail: ["failures": failures.json])
            for failure in failures.items { context.warn("\(failure.path): \(failure.reason)") }
            return failures.isEmpty ? .success : .damaged
        }
    }

    private func document(_ context: CommandContext) -> JSONListDocument {
        JSONListDocument(
            context.output,
            head: ["version": .schemaVersion, "type": "digests", "hashing": .string(hashing.rawValue)], list: "digests")
    }

    private func digests(
        of reference: SnapshotReference, in snapshot: Snapshot, _ failures: inout JobFailures,
        _ body: (BytePath, String) throws -> Void
    ) async throws {
        var failed = JobFailures()
        try await SnapshotTraversal(snapshot).run(from: reference.path(below: snapshot.header.root)) { path, entry in
            guard entry.info.mode.isRegular else { return }
            do {
                try body(path, try await digest(of: entry, in: snapshot))
            } catch let error as KlosetError {
                failed.append(path, error.reason)
            }
        } damaged: { path, error in
            failed.append(path, error.reason)
        }
        failures.append(failed)
    }

    private func digest(of entry: Entry, in snapshot: Snapshot) async throws -> String {
        var bytes: [UInt8]
        switch hashing {
        case .sha256:
            var hasher = SHA256()
            try await snapshot.read(entry) { hasher.update(data: $0) }
            bytes = Array(hasher.finalize())
        case .blake3:
            var hasher = BLAKE3Hasher()
            try await snapshot.read(entry) { hasher.update($0) }
            bytes = hasher.finalize()
        }
        return MAC(bytes)?.hex ?? ""
    }
}
