internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

struct CatCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Print files of a snapshot.",
        discussion: """
            The bytes go to standard output as they are; with --json, one object per file with the text, or the \
            bytes in hexadecimal digits where they are no text.

            Examples:
              fasti at /var/backups cat latest:/work/meeting.ics
              fasti at /var/backups cat 3f2a:contacts/anna.vcf > anna.vcf
            """)

    static let worksOnStore = true

    @Argument(help: ArgumentHelp("Files in snapshots.", valueName: "snapshot:path")) var targets: [SnapshotArgument]
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        for target in targets where target.reference.path == nil {
            throw ValidationError("\"\(target.text)\" names no file: write \(target.text):PATH.")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await context.withRepository { repository in
            for target in targets {
                let snapshot = try await target.reference.find(in: repository)
                let path = target.reference.path(below: snapshot.header.root)
                let entry = try await snapshot.file(at: path)
                if global.json {
                    var bytes: [UInt8] = []
                    try await snapshot.read(entry) { bytes.append(contentsOf: $0) }
                    try context.output.json(json(path, snapshot, bytes))
                } else {
                    try await snapshot.read(entry) { try context.output.bytes($0) }
                }
            }
            return .success
        }
    }

    private func json(_ path: BytePath, _ snapshot: Snapshot, _ bytes: [UInt8]) -> JSONValue {
        [
            "version": .schemaVersion, "type": "content", "snapshot": .string(snapshot.header.identifier.hex),
            "path": .path(path.bytes), "size": .count(bytes.count),
            "text": .optional(String(validating: bytes, as: UTF8.self)), "bytes": .rawBytes(bytes),
        ]
    }
}

extension Snapshot {
    /// The regular file at a path.
    ///
    /// - Throws: an error that says so when there is nothing, or something else.
    func file(at path: BytePath) async throws -> Entry {
        guard let entry = try await entry(at: path) else {
            throw KlosetError(.notFound, "There is no \(path) in snapshot \(header.identifier.shortHex).")
        }
        guard entry.info.mode.isRegular else {
            let what = entry.isDirectory ? "a folder" : entry.info.mode.isSymbolicLink ? "a symbolic link" : "no file"
            throw CommandError(.wrongKind, "\(path) is \(what), not a file.")
        }
        return entry
    }

    /// Hands over the content of a file piece by piece; it is verified on the way.
    func read(_ entry: Entry, _ body: ([UInt8]) throws -> Void) async throws {
        let reader = try reader(for: entry)
        do {
            while let bytes = try await reader.next() {
                try Task.checkCancellation()
                try body(bytes)
            }
        } catch {
            await reader.close()
            throw error
        }
        await reader.close()
    }
}
