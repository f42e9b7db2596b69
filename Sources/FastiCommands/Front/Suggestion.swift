/// A guess at what someone meant to type.
package enum Suggestion {
    /// The candidate with the fewest changed, added, missing or swapped letters, if these are few.
    package static func nearest(to word: String, in candidates: [String]) -> String? {
        let near = candidates.map { ($0, distance(Array(word.utf8.prefix(64)), Array($0.utf8))) }.min { $0.1 < $1.1 }
        guard let near, near.1 <= max(1, word.utf8.count / 3) else { return nil }
        return near.0
    }

    /// The optimal string alignment distance.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var previous: [Int] = []
        var row = Array(0...b.count)
        for i in 0..<a.count {
            var next = [i + 1]
            for j in 0..<b.count {
                var cost = min(row[j + 1] + 1, next[j] + 1, row[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, previous[j - 1] + 1) }
                next.append(cost)
            }
            previous = row
            row = next
        }
        return row[b.count]
    }
}
