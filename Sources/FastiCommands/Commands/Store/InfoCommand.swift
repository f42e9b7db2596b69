internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

struct InfoCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Tell about a store or a snapshot.",
        discussion: """
            Examples:
              fasti at /var/backups info
              fasti at /var/backups info latest
              fasti at /var/backups info --errors 3f2a
            """)

    static let worksOnStore = true

    @Flag(name: .customLong("errors"), help: "List the paths that could not be read when the snapshot was made.")
    var errors = false

    @Argument(help: "A snapshot; the store without it.") var snapshot: SnapshotArgument?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if errors, snapshot == nil { throw ValidationError("--errors needs a snapshot.") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await context.withRepository { repository in
            guard let target = snapshot else { return try await show(repository, context) }
            let snapshot = try await target.reference.find(in: repository)
            return errors ? try await showErrors(snapshot, context) : try show(snapshot.header, context)
        }
    }

    private func show(_ repository: Repository, _ context: CommandContext) async throws -> ExitStatus {
        let configuration = repository.configuration
        let listing = try await repository.snapshots()
        let packfiles = try await repository.store.list(.packfile).count
        let states = try await repository.store.list(.state).count
        let locks = try await repository.store.list(.lock).count
        let blobs = repository.storedBlobs
        let logical = listing.headers.reduce(UInt64(0)) { $0.addingReportingOverflow($1.totalSize).partialValue }
        let compression = configuration.compression.map { printable($0.algorithm.bytes) }
        let derivation = configuration.encryption.map { printable($0.keyDerivation.algorithm.bytes) }
        if global.json {
            try context.output.json([
                "version": .schemaVersion, "type": "repository", "repository": .string("\(repository.identifier)"),
                "location": .string(repository.store.location), "created": .time(configuration.timestamp),
                "encrypted": .boolean(repository.isEncrypted), "keyDerivation": .optional(derivation),
                "hashing": .string("\(configuration.hashing.algorithm)"), "compression": .optional(compression),
                "chunking": .string("\(configuration.chunking.algorithm)"),
                "snapshots": .count(listing.headers.count), "packfiles": .count(packfiles), "states": .count(states),
                "locks": .count(locks), "blobs": .count(blobs.count), "bytesStored": .count(blobs.bytes),
                "bytesLogical": .count(logical), "unreadable": listing.unreadableJSON,
            ])
        } else {
            let lines: [(String, String)] = [
                ("Repository", "\(repository.identifier)"), ("Location", repository.store.location),
                ("Created", Format.time(configuration.timestamp)),
                ("Encryption", derivation.map { "yes, key derived by \($0)" } ?? "none"),
                ("Hashing", printable(configuration.hashing.algorithm.bytes)), ("Compression", compression ?? "none"),
                ("Chunking", printable(configuration.chunking.algorithm.bytes)),
                ("Snapshots", "\(listing.headers.count)"),
                ("Packfiles", "\(packfiles)"), ("States", "\(states)"), ("Locks", "\(locks)"),
                ("Blobs", "\(blobs.count)"), ("Stored", Format.size(blobs.bytes)), ("Logical", Format.size(logical)),
                ("Incomplete", "\(listing.headers.count(where: \.isIncomplete))"),
                ("Unreadable", "\(listing.unreadable.count + listing.damagedStates.count)"),
            ]
            for (key, value) in lines { try context.output.line("\(key): \(value)") }
        }
        listing.warn(context)
        return listing.isSound ? .success : .damaged
    }

    private func show(_ header: SnapshotHeader, _ context: CommandContext) throws -> ExitStatus {
        if global.json {
            let pairs = header.context.map { JSONValue.Member(name: "\($0.key)", value: .string("\($0.value)")) }
            try context.output.json([
                "version": .schemaVersion, "type": "snapshot", "snapshot": header.json, "context": .object(pairs),
            ])
            return .success
        }
        let importer = header.source?.importer
        var lines: [(String, String)] = [
            ("Snapshot", header.identifier.hex), ("Time", Format.time(header.timestamp)),
            ("Duration", Format.duration(.nanoseconds(header.duration))), ("Name", printable(header.name.bytes)),
            ("Category", printable(header.category.bytes)), ("Environment", printable(header.environment.bytes)),
            ("Perimeter", printable(header.perimeter.bytes)), ("Job", printable(header.job.bytes)),
            ("Dataset", printable(header.dataset?.bytes ?? [])),
            ("Type", printable(importer?.type.bytes ?? [])), ("Origin", printable(importer?.origin.bytes ?? [])),
            ("Directory", "\(header.root)"), ("Files", "\(header.totalFiles)"),
            ("Entries", "\(header.entryCount)"), ("Errors", "\(header.totalErrors)"),
            ("Size", Format.size(header.totalSize)),
            ("Tags", header.tags.map { printable($0.bytes) }.joined(separator: ", ")),
            ("Complete", header.isIncomplete ? "no" : "yes"),
        ]
        for pair in header.context {
            lines.append(("Context.\(printable(pair.key.bytes))", printable(pair.value.bytes)))
        }
        for (key, value) in lines { try context.output.line("\(key): \(value)") }
        return .success
    }

    private func showErrors(_ snapshot: Snapshot, _ context: CommandContext) async throws -> ExitStatus {
        let errors = try await snapshot.errors()
        if global.json {
            try context.output.json([
                "version": .schemaVersion, "type": "errors", "snapshot": .string(snapshot.header.identifier.hex),
                "errors": .array(errors.map { ["path": .path($0.path.bytes), "error": .string($0.reason)] }),
            ])
        } else {
            for error in errors { try context.output.line("\(error.path): \(printable(error.reason.utf8))") }
            if errors.isEmpty { context.note("Everything could be read.") }
        }
        return .success
    }
}
