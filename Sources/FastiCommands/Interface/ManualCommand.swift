internal import ArgumentParser
internal import Foundation

struct ManualCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Print manual pages, or write them into a folder.",
        discussion: """
            The pages are made from the definitions of the commands. "make install" writes them to share/man/man1.

            Examples:
              fasti manual backup | man -l -
              fasti manual --to ~/.local/share/man/man1
            """)

    @Option(
        name: .customLong("to"), help: ArgumentHelp("Write all pages into this folder.", valueName: "folder"),
        completion: .directory)
    var folder: String?

    @Argument(help: ArgumentHelp("A command; the program itself without it.", valueName: "command"))
    var command: String?
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if folder != nil, command != nil { throw ValidationError("--to writes all pages; name no command.") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let root = try CommandTree.read().command
        guard let folder else {
            let page = try page(of: command, root)
            try context.show(
                text: String(page.roff.dropLast()),
                json: ["version": .schemaVersion, "type": "manual", "roff": .string(page.roff)])
            return .success
        }
        let url = URL(filePath: folder, directoryHint: .isDirectory)
        var names: [String] = []
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            for command in [nil] + root.visibleCommands.map({ Optional($0.commandName) }) {
                let name = command.map { "fasti-\($0).1" } ?? "fasti.1"
                try Data(try page(of: command, root).roff.utf8).write(to: url.appending(path: name), options: .atomic)
                names.append(name)
            }
        } catch let error as CocoaError {
            throw CommandError(.inputOutput, "Cannot write manual pages into \(folder): \(error.localizedDescription)")
        }
        guard !global.quiet || global.json else { return .success }
        try context.show(
            text: "Wrote \(names.count) manual pages into \(folder)",
            json: ["version": .schemaVersion, "type": "manual", "folder": .string(folder), "pages": .strings(names)])
        return .success
    }

    private func page(of name: String?, _ root: CommandTree.Command) throws -> ManualPage {
        guard let name else { return ManualPage(root, path: ["fasti"], root: root) }
        guard let command = root.subcommand(name) else {
            throw CommandError.usage("There is no command \"\(name)\".", advice: "\"fasti help\" lists the commands.")
        }
        return ManualPage(command, path: ["fasti", command.commandName], root: root)
    }
}
