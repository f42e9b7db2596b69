/// What could be typed next, read off the definitions of the commands.
struct CompletionEngine {
    struct Candidate: Hashable, Sendable {
        let text: String
        var description = ""
    }

    /// What a value is of, for those who know what there is.
    enum Wanted: Hashable, Sendable {
        case candidates([Candidate])
        /// Named places of a kind (`source`, `destination`, `store`), with `@` before them, or files.
        case place(kind: String)
        /// The bare names of a kind (`source`, `destination`, `store`, `policy`).
        case name(kind: String)
        /// A snapshot of the store, or a path in one.
        case snapshot
        case files
        case folders
        case nothing
    }

    let wanted: Wanted
    /// The text after `at`.
    let location: String?
    /// The word that is being typed.
    let current: String

    private static let locationKinds = [
        "location": "store", "store": "store", "source": "source", "destination": "destination",
    ]

    /// - Parameter words: those after the name of the program; the last one is being typed and may be empty.
    init(_ words: [String], root: CommandTree.Command) {
        var rest = words.dropLast()[...]
        current = words.last ?? ""
        var location: String?
        // Before the command: global options, and the location.
        let globals = root.subcommand("version")?.options ?? []
        var pending: CommandTree.Argument?
        while let word = rest.first, word.hasPrefix("-") {
            rest.removeFirst()
            guard let option = Self.option(word, in: globals), option.kind == .option, !word.contains("=") else {
                continue
            }
            if rest.popFirst() == nil { pending = option }
        }
        if rest.first == "at" {
            rest.removeFirst()
            guard let place = rest.popFirst() else {
                self.location = nil
                wanted = .place(kind: "store")
                return
            }
            location = place
        }
        self.location = location
        if let pending {
            wanted = Self.value(of: pending, path: [])
            return
        }
        var command = root
        var path: [String] = []
        while let word = rest.first, let next = command.subcommand(word) {
            command = next
            path.append(next.commandName)
            rest.removeFirst()
        }
        wanted = Self.next(command, path, rest, current, globals: globals, hasLocation: location != nil)
    }

    private static func next(
        _ command: CommandTree.Command, _ path: [String], _ rest: ArraySlice<String>, _ current: String,
        globals: [CommandTree.Argument], hasLocation: Bool
    ) -> Wanted {
        if !command.visibleCommands.isEmpty {
            guard rest.isEmpty else { return .nothing }
            if current.hasPrefix("-") {
                return .candidates(options(path.isEmpty ? globals : command.options, current))
            }
            var candidates = command.visibleCommands.map {
                Candidate(text: $0.commandName, description: $0.abstract ?? "")
            }
            if path.isEmpty {
                if !hasLocation { candidates.append(Candidate(text: "at", description: "Name the store to work on.")) }
            }
            return .candidates(candidates)
        }
        var position = 0
        var words = rest
        var isPlain = false
        while let word = words.popFirst() {
            if word == "--" {
                isPlain = true
            } else if !isPlain, word.hasPrefix("-"), word != "-" {
                guard let option = option(word, in: command.options), option.kind == .option, !word.contains("=") else {
                    continue
                }
                if words.popFirst() == nil { return value(of: option, path: path) }
            } else {
                position += 1
            }
        }
        if !isPlain, current.hasPrefix("-") { return .candidates(options(command.options, current)) }
        let positionals = command.positionals
        guard let last = positionals.last else { return .nothing }
        let argument = position < positionals.count ? positionals[position] : last
        guard position < positionals.count || last.isRepeating == true else { return .nothing }
        return value(of: argument, path: path)
    }

    /// `--name`, `-name`, `--name=value`.
    private static func option(_ word: String, in options: [CommandTree.Argument]) -> CommandTree.Argument? {
        let name = word.drop { $0 == "-" }.prefix { $0 != "=" }
        return options.first { ($0.names ?? []).contains { $0.name == name } }
    }

    /// With as many dashes as were typed.
    private static func options(_ options: [CommandTree.Argument], _ current: String) -> [Candidate] {
        let isShort = !current.hasPrefix("--") && current.count > 1
        return options.flatMap { option in
            (option.names ?? []).map { name in
                Candidate(
                    text: isShort && name.kind == "long" ? "-\(name.name)" : name.text,
                    description: option.abstract ?? "")
            }
        }
    }

    private static func value(of argument: CommandTree.Argument, path: [String]) -> Wanted {
        if !argument.values.isEmpty { return .candidates(argument.values.map { Candidate(text: $0) }) }
        let name = argument.valueName ?? ""
        if name.contains("[:path]") || name == "snapshot" || name == "snapshot:path" { return .snapshot }
        switch name {
        case "source", "destination", "location", "store": return .place(kind: locationKinds[name] ?? name)
        case "policy": return .name(kind: "policy")
        case "name"
        where argument.kind == .positional && ["source", "destination", "store"].contains(path.first ?? ""):
            return .name(kind: path.first ?? "")
        case "file", "path": return .files
        case "folder": return .folders
        case "time":
            return .candidates(["today", "yesterday", "1d", "1w", "1mo", "1y"].map { Candidate(text: $0) })
        default: return .nothing
        }
    }
}
