/// A pattern for a path, a glob for each of its names; `**` stands for any number of names.
struct PathPattern: Hashable, Sendable {
    private enum Part: Hashable, Sendable {
        case name(Glob)
        case anything
    }

    private let parts: [Part]

    /// - Parameter names: the pattern between its slashes.
    init(_ names: [[UInt8]]) {
        var parts: [Part] = []
        for name in names {
            let part: Part = name.elementsEqual("**".utf8) ? .anything : .name(Glob(name))
            if part != .anything || parts.last != .anything { parts.append(part) }
        }
        self.parts = parts
    }

    /// Whether the whole path fits. `**` at the end stands for at least one name: what lies in a directory, not the
    /// directory.
    func matches(_ names: ArraySlice<[UInt8]>) -> Bool {
        // Which numbers of names the parts so far can have used up.
        var reachable = [Bool](repeating: false, count: names.count + 1)
        reachable[0] = true
        for (index, part) in parts.enumerated() {
            var next = [Bool](repeating: false, count: names.count + 1)
            switch part {
            case .anything:
                let least = index == parts.count - 1 ? 1 : 0
                if let first = reachable.firstIndex(of: true), first + least <= names.count {
                    for count in (first + least)...names.count { next[count] = true }
                }
            case .name(let glob):
                for count in 0..<names.count where reachable[count] {
                    next[count + 1] = glob.matches(names[names.startIndex + count])
                }
            }
            reachable = next
        }
        return reachable[names.count]
    }
}
