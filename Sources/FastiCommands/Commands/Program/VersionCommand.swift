internal import ArgumentParser

struct VersionCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version of this program.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try context.show(
            text: "fasti \(FastiProgram.version)",
            json: ["version": .schemaVersion, "type": "version", "fasti": .string(FastiProgram.version)])
        return .success
    }
}
