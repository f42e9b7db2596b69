internal import ArgumentParser
internal import CPOSIX
internal import ConnectorKit
internal import DAVConnector
internal import FileConnector
internal import Kloset

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The program from its first word to its exit status.
package enum FastiProgram {
    package static let version = "0.1.0"

    /// The connectors that are built in.
    static var registry: ConnectorRegistry {
        ConnectorRegistry([FileIntegration.integration, DAVIntegration.integration] + KlosetStores.integrations)
    }

    /// Runs the command that this process was started with, and ends the process with its status.
    package static func main() async -> Never {
        // Buffers of large files come and go for every MiB: those stay, or the system would have to clear pages for each.
        cposix_keep_memory_small(4 << 20)
        let status = await run(Array(CommandLine.arguments.dropFirst()), environment: SystemFacts.environment)
        exit(status.rawValue)
    }

    /// Runs the command that the words name.
    ///
    /// - Parameter words: the command line without the name of the program.
    package static func run(_ words: [String], environment: [String: String]) async -> ExitStatus {
        // A closed pipe or connection is an error where it is written to, not the end of the program.
        SystemFacts.ignore(signal: SIGPIPE)
        let wantsJSON = CommandLineFront.wantsJSON(words)
        let command: any ParsableCommand
        let front: CommandLineFront
        do {
            front = try CommandLineFront(parsing: words)
            if front.arguments.first == "help", wantsJSON { return explainAsJSON(front) }
            command = try parse(front)
        } catch let error as CommandError {
            return report(Failure(error), asJSON: wantsJSON, on: Output())
        } catch {
            return answer(error, asJSON: wantsJSON)
        }
        guard let command = command as? any ContextualCommand else { return explain(command, asJSON: wantsJSON) }
        cposix_forget_start()
        let output = Output(isSilent: command.global.silent)
        do {
            let context = try CommandContext(
                words: words, location: front.location, global: command.global, environment: environment,
                workingDirectory: SystemFacts.workingDirectory, output: output, registry: registry)
            let start = ContinuousClock.now
            defer {
                if command.global.time { output.error("time: \(Format.duration(.now - start))") }
            }
            let status = try await run(command, in: context)
            try output.flush()
            return status
        } catch {
            return report(failure(error), asJSON: wantsJSON, on: output)
        }
    }

    /// Parses what the front left over, and refuses what can be refused without opening anything.
    private static func parse(_ front: CommandLineFront) throws -> any ParsableCommand {
        if let word = front.arguments.first, !word.hasPrefix("-"), !FastiCommand.commandNames.contains(word) {
            let near = Suggestion.nearest(to: word, in: FastiCommand.commandNames)
            throw CommandError.usage(
                "There is no command \"\(printable(word.utf8))\".",
                advice: near.map { "Did you mean \"\($0)\"?" } ?? "\"fasti help\" lists the commands.")
        }
        let topic = front.arguments.dropFirst().filter { !$0.hasPrefix("-") }
        if front.arguments.first == "help", !isCommand(topic) {
            let near = topic.first.flatMap { Suggestion.nearest(to: $0, in: FastiCommand.commandNames) }
            throw CommandError.usage(
                "There is no command \"\(printable(topic.joined(separator: " ").utf8))\".",
                advice: near.map { "Did you mean \"\($0)\"?" } ?? "\"fasti help\" lists the commands.")
        }
        let command = try FastiCommand.parseAsRoot(front.arguments)
        if front.location != nil, let command = command as? any ContextualCommand, !type(of: command).worksOnStore {
            throw CommandError.usage(
                "\"\(front.arguments.first ?? "")\" does not work on a store.", advice: "Leave out \"at LOCATION\".")
        }
        return command
    }

    /// Whether the words lead to a command or a group of commands; none lead to the program itself.
    private static func isCommand(_ words: [String]) -> Bool {
        var command: any ParsableCommand.Type = FastiCommand.self
        for word in words where word != "help" {
            guard
                let next = command.configuration.subcommands.first(where: {
                    $0._commandName == word || $0.configuration.aliases.contains(word)
                })
            else { return false }
            command = next
        }
        return true
    }

    private static func run(_ command: any ContextualCommand, in context: CommandContext) async throws -> ExitStatus {
        if type(of: command).handlesSignals { return try await command.run(in: context) }
        return try await Interruption.run { try await command.run(in: context) }
    }

    /// Help, or a group such as `source` without the word that says what to do.
    private static func explain(_ command: any ParsableCommand, asJSON: Bool) -> ExitStatus {
        let group = type(of: command)
        guard group.configuration.subcommands.isEmpty else {
            let names = group.configuration.subcommands.map { $0._commandName }
            let error = CommandError.usage(
                "What is to be done with \"fasti \(group._commandName)\"?",
                advice: "Add one of \(names.joined(separator: ", ")); \"fasti help \(group._commandName)\" tells more.")
            return report(Failure(error), asJSON: asJSON, on: Output())
        }
        do {
            var command = command
            try command.run()
            return .success
        } catch {
            return answer(error, asJSON: asJSON)
        }
    }

    /// `help [COMMAND ...] --json`: the definitions themselves, for programs.
    private static func explainAsJSON(_ front: CommandLineFront) -> ExitStatus {
        let words = front.arguments.dropFirst().filter { !$0.hasPrefix("-") }
        let output = Output()
        do {
            try output.line(CommandTree.document(Array(words)))
            try output.flush()
            return .success
        } catch {
            return report(Failure(CommandError.usage("There is no such command.")), asJSON: true, on: output)
        }
    }

    private static func failure(_ error: any Error) -> Failure {
        guard let interruption = error as? Interruption else { return Failure(error) }
        return Failure(CancellationError()).endedBy(signal: interruption.signal)
    }

    /// Help that was asked for goes to standard output; a command line that was not understood is explained on
    /// standard error.
    private static func answer(_ error: any Error, asJSON: Bool) -> ExitStatus {
        let output = Output()
        if FastiCommand.exitCode(for: error) == .success {
            try? output.line(FastiCommand.fullMessage(for: error))
            try? output.flush()
            return .success
        }
        if asJSON {
            return report(Failure(CommandError.usage(FastiCommand.message(for: error))), asJSON: true, on: output)
        }
        output.error(FastiCommand.fullMessage(for: error).replacingPrefix("Error: ", with: "fasti: "))
        return .usage
    }

    private static func report(_ failure: Failure, asJSON: Bool, on output: Output) -> ExitStatus {
        // Whoever closed the pipe does not want to hear of it.
        guard failure.code != CommandError.Code.outputClosed.description else { return failure.status }
        output.error(asJSON ? failure.json.line : failure.text)
        return failure.status
    }
}

extension String {
    fileprivate func replacingPrefix(_ prefix: String, with other: String) -> String {
        hasPrefix(prefix) ? other + dropFirst(prefix.count) : self
    }
}
