import BackupEngine
import SeededNumbers
import Testing

@Suite("Differences line by line")
struct LineDiffTests {
    private func unified(_ old: String, _ new: String) -> [String] {
        LineDiff(Array(old.utf8), Array(new.utf8)).unified()
    }

    @Test("As diff -u prints them")
    func examples() {
        #expect(unified("a\nb\n", "a\nb\n") == [])
        #expect(unified("a\nb\nc\n", "a\nB\nc\n") == ["@@ -1,3 +1,3 @@", " a", "-b", "+B", " c"])
        #expect(unified("", "a\n") == ["@@ -0,0 +1 @@", "+a"])
        #expect(unified("a\n", "") == ["@@ -1 +0,0 @@", "-a"])
        #expect(
            unified("a", "a\n") == ["@@ -1 +1 @@", "-a", "\\ No newline at end of file", "+a"])
        let far = (1...30).map { "\($0)\n" }
        var changed = far
        changed[2] = "x\n"
        changed[25] = "y\n"
        #expect(unified(far.joined(), changed.joined()).count { $0.hasPrefix("@@") } == 2)
    }

    /// What `patch` would make of the old text.
    private func patched(_ old: [String], _ hunks: [String]) -> [String] {
        var result: [String] = []
        var next = 0
        for line in hunks {
            if line.hasPrefix("@@") {
                let range = line.split(separator: " ")[1].dropFirst().split(separator: ",")
                let start = Int(range[0]) ?? 0
                let first = range.count > 1 && range[1] == "0" ? start : start - 1
                result += old[next..<first]
                next = first
            } else if line.hasPrefix("+") {
                result.append(String(line.dropFirst()))
            } else {
                if line.hasPrefix(" ") { result.append(old[next]) }
                next += 1
            }
        }
        return result + old[next...]
    }

    @Test("Applied to the old text they give the new one", arguments: 0..<200)
    func property(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let old = (0..<Int.random(in: 0...40, using: &random)).map { _ in "\(Int.random(in: 0...5, using: &random))" }
        var new = old
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            let place = Int.random(in: 0...new.count, using: &random)
            if Bool.random(using: &random) || new.isEmpty {
                new.insert("\(Int.random(in: 0...5, using: &random))", at: place)
            } else {
                new.remove(at: min(place, new.count - 1))
            }
        }
        let hunks = unified(old.map { "\($0)\n" }.joined(), new.map { "\($0)\n" }.joined())
        #expect(patched(old, hunks) == new)
        // No more lines change than were touched.
        #expect(hunks.count { $0.hasPrefix("+") || $0.hasPrefix("-") } <= 12)
    }

    @Test("Two texts without anything in common, larger than the search goes")
    func limit() {
        let old = (0..<3000).map { "a\($0)\n" }.joined()
        let new = (0..<3000).map { "b\($0)\n" }.joined()
        #expect(unified(old, new).count == 6001)
    }

    @Test("Text and what is none")
    func text() {
        #expect(LineDiff.isText(Array("grüß".utf8)))
        #expect(!LineDiff.isText([0x61, 0]))
        #expect(!LineDiff.isText([0xFF]))
    }
}
