internal import FastiConfiguration

/// What stands before the command: `fasti [GLOBAL OPTIONS] [at LOCATION] COMMAND ...` (plakar command line, section 1).
///
/// The argument parser knows nothing of `at`, so it is taken out first. Global options move behind the command, which
/// declares them; there they may also be written in the first place. `-name`, as plakar writes it, becomes `--name`.
package struct CommandLineFront: Hashable {
    /// The text after `at`.
    package let location: String?
    /// What the argument parser gets: the command first.
    package let arguments: [String]

    /// Global options that take a value.
    static let valued: Set<String> = [
        "configdir", "config", "keyfile", "concurrency", "cachedir", "datadir", "cpu", "trace",
    ]
    static let flags: Set<String> = ["json", "quiet", "silent", "stdio", "time"]

    /// - Throws: ``CommandError/Code/usage``.
    package init(parsing words: [String]) throws(CommandError) {
        var rest = words[...]
        var globals: [String] = []
        while let word = rest.first, word.hasPrefix("-"), word != "-" {
            rest.removeFirst()
            let name = word.drop { $0 == "-" }.prefix { $0 != "=" }
            switch String(name) {
            case "h", "help":
                self.init(location: nil, arguments: ["--help"])
                return
            case "version":
                self.init(location: nil, arguments: ["version"] + globals)
                return
            case let name where Self.flags.contains(name) && !word.contains("="):
                globals.append(word)
            case let name where Self.valued.contains(name):
                // plakar's older name, which commands may use for something else.
                globals.append(name == "config" ? "--configdir" + word.drop { $0 != "=" } : word)
                guard !word.contains("=") else { continue }
                guard let value = rest.popFirst() else { throw .usage("The option \(word) needs a value.") }
                globals.append(value)
            default:
                throw .usage(
                    "There is no global option \(word).",
                    advice: "The options of a command come after it: fasti [global options] [at LOCATION] COMMAND.")
            }
        }
        var location: String?
        if rest.first == "at" {
            rest.removeFirst()
            guard let place = rest.popFirst(), !place.isEmpty else {
                throw .usage("\"at\" needs the location of a store.", advice: "For instance: fasti at /var/backups ls.")
            }
            guard let command = rest.first else {
                throw .usage("What is to be done at \(SecretKeys.redacted(location: place))? A command is missing.")
            }
            // `fasti at ls` names no store; nobody calls a store "ls" by accident and then gives no command.
            guard !command.hasPrefix("-") || ["-h", "--help", "-help"].contains(command) else {
                throw .usage("After \"at \(SecretKeys.redacted(location: place))\" comes a command, not \(command).")
            }
            location = place
        }
        guard !rest.isEmpty else { throw .usage("A command is missing.", advice: "\"fasti help\" lists them.") }
        var arguments = Array(rest)
        arguments.insert(contentsOf: globals, at: arguments.firstIndex(of: "--") ?? arguments.endIndex)
        self.init(location: location, arguments: Self.withTwoDashes(arguments))
    }

    /// Options of one letter stay as they are, and so does everything after `--`.
    private static func withTwoDashes(_ words: [String]) -> [String] {
        let end = words.firstIndex(of: "--") ?? words.endIndex
        return words.enumerated().map { index, word in
            let name = word.dropFirst().prefix { $0 != "=" }
            let isLong =
                word.hasPrefix("-") && name.count > 1 && name.allSatisfy { $0.isASCII && ($0.isLetter || $0 == "-") }
            return index < end && isLong && !word.hasPrefix("--") ? "-" + word : word
        }
    }

    private init(location: String?, arguments: [String]) {
        self.location = location
        self.arguments = arguments
    }

    /// Whether JSON was asked for, also in a command line that cannot be parsed.
    static func wantsJSON(_ words: [String]) -> Bool {
        words.prefix { $0 != "--" }.contains { $0 == "--json" || $0 == "-json" }
    }
}
