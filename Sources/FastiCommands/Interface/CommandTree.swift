internal import ArgumentParser
internal import Foundation

/// The definitions of all commands as the argument parser describes them: manual pages and completions are made from
/// these, so that they cannot forget an option.
struct CommandTree: Decodable, Sendable {
    let command: Command

    struct Command: Decodable, Sendable {
        let commandName: String
        let abstract: String?
        let discussion: String?
        let aliases: [String]?
        let shouldDisplay: Bool?
        let subcommands: [Command]?
        let arguments: [Argument]?

        /// Those that people see.
        var visibleCommands: [Command] { (subcommands ?? []).filter { $0.shouldDisplay ?? true } }
        var visibleArguments: [Argument] { (arguments ?? []).filter { $0.shouldDisplay ?? true } }
        var options: [Argument] { visibleArguments.filter { $0.kind != .positional } }
        var positionals: [Argument] { visibleArguments.filter { $0.kind == .positional } }

        func subcommand(_ name: String) -> Command? {
            subcommands?.first { $0.commandName == name || ($0.aliases ?? []).contains(name) }
        }
    }

    struct Argument: Decodable, Sendable {
        enum Kind: String, Decodable, Sendable { case positional, option, flag }

        struct Name: Decodable, Sendable {
            let kind: String
            let name: String

            /// As it is typed.
            var text: String { kind == "long" ? "--\(name)" : "-\(name)" }
        }

        let kind: Kind
        let shouldDisplay: Bool?
        let sectionTitle: String?
        let isOptional: Bool?
        let isRepeating: Bool?
        let names: [Name]?
        let valueName: String?
        let defaultValue: String?
        let allValues: [String]?
        let allValueStrings: [String]?
        let abstract: String?

        /// What it can be, where that is known beforehand.
        var values: [String] { allValueStrings ?? allValues ?? [] }
    }

    /// - Throws: when the parser describes its commands in a form that this program does not know.
    static func read() throws -> CommandTree {
        try JSONDecoder().decode(CommandTree.self, from: Data(dump([]).utf8))
    }

    /// The description of a command in one line, as `help --json` prints it.
    static func document(_ words: [String]) throws -> String {
        var object = try JSONSerialization.jsonObject(with: Data(dump(words).utf8)) as? [String: Any] ?? [:]
        object["version"] = 1
        object["type"] = "help"
        let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self)
    }

    /// The parser's own description of a command, as JSON.
    static func dump(_ words: [String]) -> String {
        do {
            _ = try FastiCommand.parseAsRoot(words + ["--experimental-dump-help"])
            return "{}"
        } catch {
            return FastiCommand.fullMessage(for: error)
        }
    }
}
