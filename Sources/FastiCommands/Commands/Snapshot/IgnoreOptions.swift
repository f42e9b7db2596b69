internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Foundation

/// The options that leave things out of a snapshot.
struct IgnoreOptions: ParsableArguments {
    @Option(
        name: .customLong("ignore"),
        help: ArgumentHelp("Leave out what fits a rule of gitignore files. May repeat.", valueName: "pattern"))
    var patterns: [String] = []

    @Option(
        name: .customLong("ignore-file"),
        help: ArgumentHelp("Leave out by the rules in a file. May repeat.", valueName: "file"), completion: .file())
    var files: [String] = []

    private static let sizeLimit = 4 << 20

    /// The files, read before anything else happens.
    func read() throws -> LoadedIgnoreOptions {
        LoadedIgnoreOptions(
            files: try files.map { path in
                guard let file = FileHandle(forReadingAtPath: path) else {
                    throw CommandError(.inputOutput, "The ignore file \(path) cannot be opened.")
                }
                defer { try? file.close() }
                guard let bytes = try? file.read(upToCount: Self.sizeLimit + 1) ?? Data() else {
                    throw CommandError(.inputOutput, "The ignore file \(path) cannot be read.")
                }
                guard bytes.count <= Self.sizeLimit else {
                    throw CommandError(.inputOutput, "The ignore file \(path) is larger than 4 MiB.")
                }
                return Array(bytes)
            }, patterns: patterns.map { Array($0.utf8) })
    }
}

struct LoadedIgnoreOptions: Sendable {
    let files: [[UInt8]]
    let patterns: [[UInt8]]

    /// The rules for a source: those of files first, so that the command line has the last word.
    func rules(root: BytePath) -> IgnoreRules {
        var rules = IgnoreRules()
        for file in files { rules.add(lines: file, root: root) }
        for pattern in patterns { rules.add(pattern: pattern, root: root) }
        return rules
    }
}
