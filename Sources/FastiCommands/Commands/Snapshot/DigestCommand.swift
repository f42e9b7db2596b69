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
            var digests: [JSONValue] = []
            var failures = JobFailures()
            for target in targets {
                let snapshot = try await target.reference.find(in: repository)
                let start = target.reference.path(below: snapshot.header.root)
                try await SnapshotTraversal(snapshot).run(from: start) { path, entry in
                    guard entry.info.mode.isRegular else { return }
                    do {
                        let digest = try await digest(of: entry, in: snapshot)
                        if global.json {
                            digests.append(["path": .path(path.bytes), "digest": .string(digest)])
                        } else {
                            try context.output.line("\(hashing.rawValue) (\(path)) = \(digest)")
                        }
                    } catch let error as KlosetError {
                        failures.append(path, error.reason)
                    }
                } damaged: { path, error in
                    failures.append(path, error.reason)
                }
            }
            if global.json {
                try context.output.json([
                    "version": .schemaVersion, "type": "digests", "hashing": .string(hashing.rawValue),
                    "digests": .array(digests), "failures": failures.json,
                ])
            }
            for failure in failures.items { context.warn("\(failure.path): \(failure.reason)") }
            return failures.isEmpty ? .success : .damaged
        }
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
