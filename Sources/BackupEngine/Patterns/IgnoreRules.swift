package import ConnectorKit

/// What a backup leaves out, by the rules of gitignore files: later lines win, `!` takes back, a slash at the end means
/// directories only, a slash elsewhere ties the pattern to the directory that is backed up, `**` spans directories.
/// What lies in an ignored directory cannot be taken back.
package struct IgnoreRules: Hashable, Sendable {
    private struct Rule: Hashable, Sendable {
        let pattern: PathPattern
        let isForDirectories: Bool
        let isNegated: Bool
    }

    private var rules: [Rule] = []

    package init() {}

    package var isEmpty: Bool { rules.isEmpty }

    /// Adds the lines of a file; those that are blank or begin with `#` say nothing.
    ///
    /// - Parameter root: the directory that is backed up. An absolute path below it is understood as well.
    package mutating func add(lines bytes: [UInt8], root: BytePath) {
        for line in bytes.split(separator: UInt8(ascii: "\n")) { add(pattern: Array(line), root: root) }
    }

    /// Adds one line.
    package mutating func add(pattern line: [UInt8], root: BytePath) {
        var line = line[...]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        while line.last == UInt8(ascii: " "), line.dropLast().last != UInt8(ascii: "\\") { line.removeLast() }
        guard let first = line.first, first != UInt8(ascii: "#") else { return }
        let isNegated = first == UInt8(ascii: "!")
        if isNegated { line.removeFirst() }
        let isForDirectories = line.last == UInt8(ascii: "/")
        if isForDirectories { line.removeLast() }
        if let path = BytePath(validating: Array(line))?.relative(to: root), !root.isRoot { line = path.bytes[...] }
        var names = line.split(separator: UInt8(ascii: "/")).map(Array.init)
        guard !names.isEmpty else { return }
        // A pattern without a slash fits at any depth.
        if !line.contains(UInt8(ascii: "/")) { names.insert(Array("**".utf8), at: 0) }
        rules.append(
            Rule(pattern: PathPattern(names), isForDirectories: isForDirectories, isNegated: isNegated))
    }

    /// Whether the rules leave out this path, seen by itself.
    ///
    /// - Parameter names: the components below the directory that is backed up.
    func exclude(_ names: ArraySlice<[UInt8]>, isDirectory: Bool) -> Bool {
        let last = rules.last { rule in (isDirectory || !rule.isForDirectories) && rule.pattern.matches(names) }
        return last.map { !$0.isNegated } ?? false
    }
}
