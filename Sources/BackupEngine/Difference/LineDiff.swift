/// The difference of two texts, line by line, as `diff -u` prints it.
package struct LineDiff: Sendable {
    /// Lines of unchanged text around each change.
    package static let contextLength = 3
    /// Beyond this many changed lines the shortest difference costs too much; then everything between the common
    /// beginning and the common end counts as changed.
    private static let distanceLimit = 2000

    private enum Edit {
        case same, removed, added
    }

    private let old: [ArraySlice<UInt8>]
    private let new: [ArraySlice<UInt8>]

    package init(_ old: [UInt8], _ new: [UInt8]) {
        self.old = Self.lines(old)
        self.new = Self.lines(new)
    }

    /// Whether bytes are text that can be shown line by line: a NUL says no.
    package static func isText(_ bytes: [UInt8]) -> Bool {
        !bytes.prefix(8000).contains(0) && String(validating: bytes, as: UTF8.self) != nil
    }

    /// With their line breaks.
    private static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
            lines.append(bytes[start..<end])
            start = end
        }
        return lines
    }

    /// The hunks, without the two lines with the names; empty for equal texts. Each line without its line break.
    package func unified() -> [String] {
        let edits = edits()
        guard edits.contains(where: { $0 != .same }) else { return [] }
        var result: [String] = []
        var (i, j, index) = (0, 0, 0)
        while index < edits.count {
            guard let change = edits[index...].firstIndex(where: { $0 != .same }) else { break }
            let start = max(index, change - Self.contextLength)
            i += start - index
            j += start - index
            // A hunk ends where more than two contexts of unchanged lines follow.
            var end = change
            var quiet = 0
            while end < edits.count, quiet <= 2 * Self.contextLength {
                quiet = edits[end] == .same ? quiet + 1 : 0
                end += 1
            }
            end -= max(0, quiet - Self.contextLength)
            let removed = edits[start..<end].count { $0 != .added }
            let added = edits[start..<end].count { $0 != .removed }
            result.append("@@ -\(Self.range(i, removed)) +\(Self.range(j, added)) @@")
            for edit in edits[start..<end] {
                switch edit {
                case .same:
                    append(" ", old[i], to: &result)
                    i += 1
                    j += 1
                case .removed:
                    append("-", old[i], to: &result)
                    i += 1
                case .added:
                    append("+", new[j], to: &result)
                    j += 1
                }
            }
            index = end
        }
        return result
    }

    private static func range(_ start: Int, _ count: Int) -> String {
        count == 1 ? "\(start + 1)" : "\(count == 0 ? start : start + 1),\(count)"
    }

    private func append(_ mark: String, _ line: ArraySlice<UInt8>, to result: inout [String]) {
        let isEnded = line.last == UInt8(ascii: "\n")
        result.append(mark + String(decoding: isEnded ? line.dropLast() : line, as: UTF8.self))
        if !isEnded { result.append("\\ No newline at end of file") }
    }

    // MARK: The shortest way from one to the other (Myers, 1986)

    private func edits() -> [Edit] {
        var prefix = 0
        while prefix < min(old.count, new.count), old[prefix] == new[prefix] { prefix += 1 }
        var suffix = 0
        while suffix < min(old.count, new.count) - prefix,
            old[old.count - 1 - suffix] == new[new.count - 1 - suffix]
        {
            suffix += 1
        }
        let a = old[prefix..<(old.count - suffix)]
        let b = new[prefix..<(new.count - suffix)]
        let middle = Self.shortest(Array(a), Array(b))
        return Array(repeating: .same, count: prefix) + middle + Array(repeating: .same, count: suffix)
    }

    private static func shortest(_ a: [ArraySlice<UInt8>], _ b: [ArraySlice<UInt8>]) -> [Edit] {
        let replaced = Array(repeating: Edit.removed, count: a.count) + Array(repeating: .added, count: b.count)
        guard !a.isEmpty, !b.isEmpty else { return replaced }
        let limit = min(a.count + b.count, distanceLimit)
        // For each diagonal, how far the best way has come in `a`; the row of each distance is kept for the way back.
        var furthest = [Int](repeating: 0, count: 2 * limit + 3)
        var rows: [[Int]] = []
        let centre = limit + 1
        for distance in 0...limit {
            rows.append(Array(furthest[(centre - distance - 1)...(centre + distance + 1)]))
            for diagonal in stride(from: -distance, through: distance, by: 2) {
                let down =
                    diagonal == -distance
                    || (diagonal != distance && furthest[centre + diagonal - 1] < furthest[centre + diagonal + 1])
                var x = down ? furthest[centre + diagonal + 1] : furthest[centre + diagonal - 1] + 1
                var y = x - diagonal
                while x < a.count, y < b.count, y >= 0, a[x] == b[y] {
                    x += 1
                    y += 1
                }
                furthest[centre + diagonal] = x
                if x >= a.count, y >= b.count { return walkBack(rows, a.count, b.count) }
            }
        }
        return replaced
    }

    private static func walkBack(_ rows: [[Int]], _ countA: Int, _ countB: Int) -> [Edit] {
        var edits: [Edit] = []
        var (x, y) = (countA, countB)
        for distance in stride(from: rows.count - 1, through: 0, by: -1) {
            let row = rows[distance]
            /// Rows are centred on their own distance.
            func value(_ diagonal: Int) -> Int { row[diagonal + distance + 1] }
            let diagonal = x - y
            let down = diagonal == -distance || (diagonal != distance && value(diagonal - 1) < value(diagonal + 1))
            let previous = down ? diagonal + 1 : diagonal - 1
            let (startX, startY) = distance == 0 ? (0, 0) : (value(previous), value(previous) - previous)
            while x > startX, y > startY {
                edits.append(.same)
                x -= 1
                y -= 1
            }
            guard distance > 0 else { break }
            edits.append(down ? .added : .removed)
            (x, y) = (startX, startY)
        }
        return edits.reversed()
    }
}
