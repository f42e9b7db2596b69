internal import ArgumentParser
internal import BackupEngine
internal import Compression
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

struct CatCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Print files of a snapshot.",
        discussion: """
            The bytes go to standard output as they are; with --json, one object per file with the text, or the \
            bytes in hexadecimal digits where they are no text. With options that say what is in an event or a contact, \
            a snapshot or a folder is enough, and everything in it that fits is printed.

            Examples:
              fasti at /var/backups cat latest:/work/meeting.ics
              fasti at /var/backups cat 3f2a:contacts/anna.vcf > anna.vcf
              fasti at /var/backups cat latest --summary dentist --on 2026-03-10
              fasti at /var/backups cat --decompress 3f2a:/var/log/syslog.1.gz
            """)

    static let worksOnStore = true

    @Flag(name: .customLong("decompress"), help: "Expand files that gzip has compressed.") var decompresses = false
    @Flag(name: .customLong("highlight"), help: "Colour the names of properties in calendars and contacts.")
    var highlight = false
    @Argument(help: ArgumentHelp("Files in snapshots.", valueName: "snapshot:path")) var targets: [SnapshotArgument]
    @OptionGroup(title: "What the objects say") var objects: ObjectOptions
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        for target in targets where target.reference.path == nil && objects.isEmpty {
            throw ValidationError("\"\(target.text)\" names no file: write \(target.text):PATH.")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await context.withRepository { repository in
            for target in targets {
                let snapshot = try await target.reference.find(in: repository)
                let place = target.reference.path(below: snapshot.header.root)
                let paths =
                    objects.isEmpty
                    ? [place] : try await ObjectSearch.paths(objects, in: snapshot, below: place, context)
                for path in paths { try await print(path, of: snapshot, context) }
            }
            return .success
        }
    }

    private func print(_ path: BytePath, of snapshot: Snapshot, _ context: CommandContext) async throws {
        let entry = try await snapshot.file(at: path)
        if global.json || decompresses || highlight {
            var bytes: [UInt8] = []
            try await snapshot.read(entry) { bytes.append(contentsOf: $0) }
            if decompresses { bytes = try expanded(bytes, path) }
            if global.json {
                try context.output.json(json(path, snapshot, bytes))
            } else {
                try context.output.bytes(highlight ? ContentHighlighter.coloured(bytes) : bytes)
            }
        } else {
            try await snapshot.read(entry) { try context.output.bytes($0) }
        }
    }

    /// Files that gzip has not compressed stay as they are.
    private func expanded(_ bytes: [UInt8], _ path: BytePath) throws -> [UInt8] {
        guard bytes.starts(with: [0x1F, 0x8B]) else { return bytes }
        do {
            return try Gzip.decompress(bytes, limit: 1 << 30)
        } catch {
            throw CommandError(.inputOutput, "\(path) cannot be expanded: \(error)")
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
            throw await missing(path)
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
