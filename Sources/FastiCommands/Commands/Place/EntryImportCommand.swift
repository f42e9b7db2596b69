internal import ArgumentParser
internal import FastiConfiguration
internal import Foundation

struct EntryImportCommand<Kind: EntryKindProvider>: ContextualCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "import", abstract: "Take over \(Kind.kind.plural) from a file.",
            discussion: """
                The file is YAML as plakar writes it (also its older forms), JSON, or INI; without --from it is read from \
                standard input. Entries that are known already are left as they are, unless --overwrite is given. With \
                --rclone the file is a configuration of rclone.

                Examples:
                  fasti \(Kind.kind.rawValue) import --from ~/.config/plakar/\(Kind.kind.fileName)
                  fasti \(Kind.kind.rawValue) import --rclone --from ~/.config/rclone/rclone.conf drive:my-drive
                """)
    }

    @Option(
        name: [.customLong("from"), .customLong("config")],
        help: ArgumentHelp("The file; standard input without it.", valueName: "file"), completion: .file())
    var file: String?

    @Flag(name: .customLong("overwrite"), help: "Replace entries that are known already.") var overwrite = false
    @Flag(name: .customLong("rclone"), help: "The file is a configuration of rclone.") var rclone = false

    @Argument(help: ArgumentHelp("What to take; all without any.", valueName: "section[:new-name]"))
    var sections: [String] = []
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if let file, file.contains("://") {
            throw ValidationError("--from takes a file; fetch \(file) first, for instance with curl, and pipe it in.")
        }
        if file == nil, let path = sections.first(where: { $0.contains("/") || $0.hasSuffix(".yml") }) {
            throw ValidationError("\"\(path)\" is no name of an entry. A file is given as --from \(path).")
        }
    }

    private var chosen: [(name: String, newName: String)] {
        sections.map { section in
            let parts = section.split(separator: ":", maxSplits: 1).map(String.init)
            let name = parts.first ?? section
            return (name, parts.count > 1 ? parts[1] : name)
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let bytes = try read()
        let imported = try EntryImport(
            kind: Kind.kind, parsing: bytes, fileName: file.map { URL(filePath: $0).lastPathComponent } ?? "the input",
            isRclone: rclone)
        let outcome = try context.configuration.edit(Kind.kind) { file throws(ConfigurationError) in
            try imported.merge(into: &file, sections: chosen, overwrites: overwrite)
        }
        if global.json {
            try context.output.json([
                "version": .schemaVersion, "type": .string("\(Kind.kind.rawValue).import"),
                "added": .strings(outcome.added), "replaced": .strings(outcome.replaced),
                "skipped": .strings(outcome.skipped),
            ])
            return .success
        }
        for name in outcome.skipped { context.note("\"\(name)\" is known already; --overwrite replaces it.") }
        guard !global.quiet else { return .success }
        for name in outcome.added { try context.output.line("Added the \(Kind.kind.rawValue) \"\(name)\".") }
        for name in outcome.replaced { try context.output.line("Replaced the \(Kind.kind.rawValue) \"\(name)\".") }
        return .success
    }

    private func read() throws -> [UInt8] {
        let limit = (4 << 20) + 1
        let handle: FileHandle
        if let file {
            guard let opened = FileHandle(forReadingAtPath: file) else {
                throw CommandError(.inputOutput, "\(file) cannot be opened.")
            }
            handle = opened
        } else {
            handle = .standardInput
        }
        guard let data = try? handle.read(upToCount: limit) else {
            throw CommandError(.inputOutput, "\(file ?? "Standard input") cannot be read.")
        }
        return Array(data)
    }
}
