/// A manual page in roff with the macros of `man(7)`.
struct ManualPage {
    private var lines: [String] = []

    /// - Parameters:
    ///   - path: the command by its words, the program first.
    ///   - globals: the sections of options that the main page explains for all commands.
    init(_ command: CommandTree.Command, path: [String], root: CommandTree.Command) {
        let isMain = path.count == 1
        lines.append(
            ".TH \"\(path.joined(separator: "-").uppercased())\" 1 \"\" \"fasti \(FastiProgram.version)\" \"Fasti\"")
        section("NAME")
        text("\(path.joined(separator: "-")) - \((command.abstract ?? "").withoutFullStop)")
        section("SYNOPSIS")
        if isMain {
            lines.append("\\fBfasti\\fR [\\fIglobal options\\fR] [\\fBat\\fR \\fILOCATION\\fR] \\fICOMMAND\\fR ...")
        } else {
            synopsis(command, path)
            for child in command.visibleCommands {
                lines.append(".br")
                synopsis(child, path + [child.commandName])
            }
        }
        if let discussion = command.discussion, !discussion.isEmpty {
            section("DESCRIPTION")
            prose(discussion)
        }
        if isMain {
            section("COMMANDS")
            for child in command.visibleCommands {
                definition("\\fBfasti\\-\(Self.escaped(child.commandName))\\fR(1)", child.abstract ?? "")
            }
            section("GLOBAL OPTIONS")
            let sample = root.subcommand("version")?.options ?? []
            for option in sample { self.option(option) }
        } else {
            options(command)
            for child in command.visibleCommands { subcommand(child, path) }
        }
        section("EXIT STATUS")
        for (status, meaning) in ExitStatus.meanings { definition("\\fB\(status)\\fR", meaning) }
        section("SEE ALSO")
        let others = isMain ? command.visibleCommands.map { "fasti-\($0.commandName)" } : ["fasti"]
        lines.append(others.map { "\\fB\(Self.escaped($0))\\fR(1)" }.joined(separator: ", "))
    }

    var roff: String { lines.joined(separator: "\n") + "\n" }

    private mutating func section(_ title: String) { lines.append(".SH \"\(title)\"") }

    private mutating func synopsis(_ command: CommandTree.Command, _ path: [String]) {
        var words = ["\\fB\(Self.escaped(path.joined(separator: " ")))\\fR"]
        if !command.options.isEmpty { words.append("[\\fIoptions\\fR]") }
        for argument in command.positionals {
            let name = "\\fI\(Self.escaped(argument.valueName ?? "argument"))\\fR"
            let repeated = argument.isRepeating == true ? "\(name) ..." : name
            words.append(argument.isOptional == true ? "[\(repeated)]" : repeated)
        }
        lines.append(words.joined(separator: " "))
    }

    private mutating func options(_ command: CommandTree.Command) {
        if !command.positionals.isEmpty {
            section("ARGUMENTS")
            for argument in command.positionals {
                definition("\\fI\(Self.escaped(argument.valueName ?? "argument"))\\fR", argument.abstract ?? "")
            }
        }
        var title: String?
        for option in command.options where option.sectionTitle != "Global options" {
            let next = (option.sectionTitle ?? "Options").uppercased()
            if next != title { section(next) }
            title = next
            self.option(option)
        }
        guard command.options.contains(where: { $0.sectionTitle == "Global options" }) else { return }
        section("GLOBAL OPTIONS")
        for option in command.options where option.sectionTitle == "Global options" { self.option(option) }
    }

    private mutating func subcommand(_ command: CommandTree.Command, _ path: [String]) {
        section((path.dropFirst() + [command.commandName]).joined(separator: " ").uppercased())
        text(command.abstract ?? "")
        if let discussion = command.discussion, !discussion.isEmpty {
            lines.append(".PP")
            prose(discussion)
        }
        for argument in command.positionals {
            definition("\\fI\(Self.escaped(argument.valueName ?? "argument"))\\fR", argument.abstract ?? "")
        }
        for option in command.options { self.option(option) }
    }

    private mutating func option(_ option: CommandTree.Argument) {
        var names = (option.names ?? []).map { "\\fB\(Self.escaped($0.text))\\fR" }.joined(separator: ", ")
        if option.kind == .option { names += " \\fI\(Self.escaped(option.valueName ?? "value"))\\fR" }
        var meaning = option.abstract ?? ""
        if !option.values.isEmpty { meaning += " One of \(option.values.joined(separator: ", "))." }
        if let value = option.defaultValue, option.kind == .option { meaning += " Without it: \(value)." }
        definition(names, meaning)
    }

    /// - Parameter term: in roff already.
    private mutating func definition(_ term: String, _ meaning: String) {
        lines.append(".TP")
        lines.append(term)
        text(meaning.isEmpty ? " " : meaning)
    }

    /// Paragraphs; lines that are indented are printed as they stand.
    private mutating func prose(_ text: String) {
        var isVerbatim = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let isIndented = line.hasPrefix("  ")
            if isIndented != isVerbatim {
                lines.append(isIndented ? ".RS 4\n.nf" : ".fi\n.RE")
                isVerbatim = isIndented
            }
            if line.isEmpty {
                lines.append(".PP")
            } else {
                self.text(isIndented ? String(line.dropFirst(2)) : String(line))
            }
        }
        if isVerbatim { lines.append(".fi\n.RE") }
    }

    private mutating func text(_ text: String) {
        let escaped = Self.escaped(text)
        lines.append(escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped)
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            default: result.append(character)
            }
        }
        return result
    }
}

extension String {
    fileprivate var withoutFullStop: String { hasSuffix(".") ? String(dropLast()) : self }
}
