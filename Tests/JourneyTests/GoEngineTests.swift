import Foundation
import PeerPrograms
import Testing

/// `fasti` on stores that the Go engine wrote, against what the Go engine printed of them, file by file.
///
/// What is not recorded, and what is compared instead:
/// * The recorded `digest` breaks off at the first dangling link; the digests of the files after it come from the
///   record of the restored tree.
/// * Of store-sha256-nocomp `ls`, `info` and `check` are recorded; its contents are the `calendars` folder of
///   `tree.stage3.sha256`. Of the package `restore` and `cat` are not recorded; its sources lie beside it.
/// * Of store-kloset-1.0, store-3000-files, store-after-gc, store-gzip and store-zstd nothing is recorded: they are
///   compared with the independent reader (`UnrecordedFixtureTests`). store-zstd has only a CONFIG.
/// * Users are looked up by the machine that recorded; entries above the source have no names, so we show numbers.
@Suite(.enabled(if: PeerEnvironment.shared != nil, "the fixtures are not here: set FASTI_SHARED"))
struct GoEngineTests {
    static let treeFolder = "/tmp/peers/fixtures"

    /// The record has another name for the folder that the tree lay in.
    static func recordedPath(_ path: String) -> String {
        path.hasPrefix(treeFolder) ? "/FIXTURES" + path.dropFirst(treeFolder.count) : path
    }

    static var folder: URL { (PeerEnvironment.shared ?? URL(filePath: "/")).appending(path: "fixtures/kloset") }

    static func store(_ name: String) -> String { folder.appending(path: name).path }

    private func snapshots(_ fasti: FastiProgram, _ store: String) async throws -> [[String: Any]] {
        let list = try await fasti(["at", store, "ls", "--json"])
        let document = try #require(JSONSerialization.jsonObject(with: Data(list.standardOutput)) as? [String: Any])
        return try #require(document["snapshots"] as? [[String: Any]])
    }

    private func entries(_ fasti: FastiProgram, _ store: String, _ id: String) async throws -> [[String: Any]] {
        let list = try await fasti(["at", store, "ls", "-recursive", "--json", id + ":/"])
        let document = try #require(JSONSerialization.jsonObject(with: Data(list.standardOutput)) as? [String: Any])
        #expect((document["unreadable"] as? [Any])?.isEmpty == true)
        return try #require(document["entries"] as? [[String: Any]])
    }

    /// Everything that is recorded of a store: one process for each command, not for each file.
    @Test(arguments: ["store-plain", "store-enc", "plain.ptar", "enc.ptar"])
    func agrees(name: String) async throws {
        let fasti = try FastiProgram()
        let store = Self.store(name)
        let record = GoEngineRecord(Self.folder.appending(path: name + ".dump"))
        let snapshots = try await snapshots(fasti, store)

        // ls
        for (file, tags, digits) in [("ls.txt", false, 8), ("ls-tags.txt", true, 8), ("ls-uuid.txt", false, 64)] {
            let expected = try record.lines(file).map { try SnapshotLine($0) }
            #expect(snapshots.map { SnapshotLine($0, tags: tags, digits: digits) } == expected, "\(file)")
        }
        let identifiers = snapshots.compactMap { ($0["identifier"] as? String).map { String($0.prefix(8)) } }
        #expect(identifiers.count == 3)

        // ls -recursive
        var seen: [String: [EntryLine]] = [:]
        for id in identifiers {
            let found = try await entries(fasti, store, id).map(EntryLine.init)
            let expected = try record.lines("\(id).ls-recursive.txt").map { try EntryLine($0) }
            #expect(found.count == expected.count)
            for (ours, theirs) in zip(found, expected) {
                var ours = ours
                if !theirs.name.hasPrefix("/FIXTURES/tree") {
                    // The way to the source: no user names are stored, and the record has replaced the names.
                    #expect(ours.user == "0" && ours.group == "0")
                    (ours.user, ours.group, ours.name) = (theirs.user, theirs.group, theirs.name)
                }
                #expect(ours == theirs)
            }
            seen[id] = found
        }

        // check
        let recorded = try record.lines("check.txt")
        let sound = recorded.filter { $0.contains(": OK ✓ ") }
        let inSource = identifiers.flatMap { id in
            (seen[id] ?? []).filter { $0.name.hasPrefix("/FIXTURES/tree") }
                .map { "\(id): OK ✓ \($0.name.split(separator: " -> ", maxSplits: 1)[0])" }
        }
        #expect(Set(sound) == Set(inSource) && sound.count == inSource.count)
        #expect(recorded.contains { $0.contains("check completed without errors") })
        let check = try await fasti(["at", store, "check"])
        #expect(check.text.contains("check completed without errors"))
        let all = identifiers.reduce(identifiers.count) { $0 + (seen[$1]?.count ?? 0) }
        #expect(check.text.contains("\(identifiers.count) snapshots, \(all) entries"), "\(check.text)")

        try await compareDigests(fasti, store, record, identifiers)
        try await compareContents(fasti, store, record, identifiers, seen)
    }

    /// `digest` in both algorithms: all snapshots in one process.
    private func compareDigests(
        _ fasti: FastiProgram, _ store: String, _ record: GoEngineRecord, _ identifiers: [String]
    ) async throws {
        for (algorithm, file) in [("SHA256", "digest-sha256.txt"), ("BLAKE3", "digest-blake3.txt")] {
            let lines = try await fasti(["at", store, "digest", "-hashing", algorithm] + identifiers).text
                .split(separator: "\n").map { line in
                    String(line.replacing("(\(Self.treeFolder)/", with: "(/FIXTURES/", maxReplacements: 1))
                }
            var rest = lines[...]
            for id in identifiers {
                let expected = try record.lines("\(id).\(file)")
                let restored = try record.lines("\(id).restored.sha256")
                #expect(expected.count >= 50 && restored.count >= expected.count)
                let found = rest.prefix(restored.count)
                rest = rest.dropFirst(restored.count)
                #expect(Array(found.prefix(expected.count)) == expected)
                guard algorithm == "SHA256" else { continue }
                let digests = restored.map { String($0.drop { $0 == "\\" }.prefix(64)) }
                #expect(found.map { String($0.suffix(64)) } == digests)
            }
            #expect(rest.isEmpty)
        }
    }

    /// `cat` of two files of each snapshot, and a whole restore of each.
    private func compareContents(
        _ fasti: FastiProgram, _ store: String, _ record: GoEngineRecord, _ identifiers: [String],
        _ seen: [String: [EntryLine]]
    ) async throws {
        let pair = 255_848 + 12_582_912
        let targets = identifiers.flatMap { ["\($0):large.ics", "\($0):blob/random-12MiB.bin"] }
        let output = try await fasti(["at", store, "cat"] + targets).standardOutput
        #expect(output.count == pair * identifiers.count)
        for (index, id) in identifiers.enumerated() {
            let part = Array(output.dropFirst(index * pair).prefix(pair))
            let digest = try await run("/usr/bin/sha256sum", [], input: part).text
            #expect(digest == (try record.text("\(id).cat-large+blob.sha256")))
        }
        // Each run on an encrypted store derives the key anew; the digests above are those of all contents.
        for id in store.contains("enc") ? Array(identifiers.prefix(1)) : identifiers {
            let target = fasti.home.appending("restored-\(id)")
            try await fasti(["at", store, "restore", "-quiet", "-to", target, id])
            let list = record.folder.appending(path: "\(id).restored.sha256").path
            let verdict = try await run("/usr/bin/sha256sum", ["--check", "--strict", "--quiet", list], in: target)
            #expect(verdict.status == 0, "\(verdict.text) \(verdict.standardError)")
            try compareRestored(target, (seen[id] ?? []).filter { $0.name.hasPrefix("/FIXTURES/tree/") })
            try FileManager.default.removeItem(atPath: target)
        }
    }

    /// Kind, mode, time, size and target of everything that was restored.
    private func compareRestored(_ target: String, _ lines: [EntryLine]) throws {
        var expected: Set<String> = []
        for line in lines {
            let parts = line.name.dropFirst("/FIXTURES/tree/".count).split(separator: " -> ", maxSplits: 1)
            let name = String(parts[0])
            expected.insert(name)
            let path = target + "/" + name
            var status = stat()
            try #require(lstat(path, &status) == 0, "\(name) was not restored")
            #expect(GoFormat.mode(modeLetters(status.st_mode)) == line.mode, "\(name)")
            let time = Date(timeIntervalSince1970: TimeInterval(status.st_mtim.tv_sec))
            #expect(time.formatted(.iso8601) == line.time, "\(name)")
            if status.st_mode & S_IFMT != S_IFDIR {
                #expect(GoFormat.size(Int(status.st_size)) == line.size, "\(name)")
            }
            if parts.count > 1 {
                let destination = try FileManager.default.destinationOfSymbolicLink(atPath: path)
                #expect(destination == parts[1], "\(name)")
            }
        }
        let found = try FileManager.default.subpathsOfDirectory(atPath: target)
        #expect(Set(found.map { Array($0.utf8) }) == Set(expected.map { Array($0.utf8) }))
    }

    private func modeLetters(_ mode: mode_t) -> String {
        let kinds: [mode_t: String] = [S_IFDIR: "d", S_IFLNK: "l", S_IFREG: "-"]
        var text = kinds[mode & S_IFMT] ?? "?"
        for (index, letter) in "rwxrwxrwx".enumerated() { text += mode & (0o400 >> index) != 0 ? "\(letter)" : "-" }
        return text
    }

    @Test func agreesOnAStoreWithoutCompression() async throws {
        let fasti = try FastiProgram()
        let store = Self.store("store-sha256-nocomp")
        let record = GoEngineRecord(Self.folder.appending(path: "store-sha256-nocomp.dump"))
        let snapshots = try await snapshots(fasti, store)
        let listed = try record.section("ls", of: "all.txt").map { try SnapshotLine($0) }
        #expect(snapshots.map { SnapshotLine($0, tags: true, digits: 8) } == listed)
        let id = try #require(listed.first?.identifier)
        let entries = try await entries(fasti, store, id).map(EntryLine.init)
        let sound = try record.section("check", of: "all.txt").filter { $0.contains("OK ✓") }
        #expect(
            entries.filter { $0.name.hasPrefix("/FIXTURES/tree/calendars") }.map { "\(id): OK ✓ \($0.name)" } == sound)
        try await fasti(["at", store, "check"])

        let contents = try GoEngineRecord(Self.folder).lines("tree.stage3.sha256")
            .filter { $0.dropFirst(66).hasPrefix("./calendars/") }
        let digests = try await fasti(["at", store, "digest", id]).text.split(separator: "\n")
        let expected = contents.map { "SHA256 (\(Self.treeFolder)/tree\($0.dropFirst(67))) = \($0.prefix(64))" }
        #expect(digests.map(String.init) == expected)
        #expect(expected.count > 40)

        let target = fasti.home.appending("restored")
        try await fasti(["at", store, "restore", "-quiet", "-to", target + "/calendars", id])
        let list = contents.joined(separator: "\n") + "\n"
        let verdict = try await run(
            "/usr/bin/sha256sum", ["--check", "--strict", "--quiet"], in: target, input: Array(list.utf8))
        #expect(verdict.status == 0, "\(verdict.text) \(verdict.standardError)")
        #expect(try FileManager.default.subpathsOfDirectory(atPath: target).count == sound.count)
    }

    @Test func agreesOnAPackage() async throws {
        let fasti = try FastiProgram()
        let store = Self.store("dummy_v0.0.1_linux_amd64.ptar")
        let record = GoEngineRecord(Self.folder.appending(path: "pkg.dump"))
        let listed = try record.section("ls -uuid", of: "all.txt").map { try SnapshotLine($0) }
        #expect(try await snapshots(fasti, store).map { SnapshotLine($0, tags: false, digits: 64) } == listed)
        let id = try #require(listed.first?.identifier)
        let expected = try record.section("ls -recursive \(id):/", of: "all.txt").map { try EntryLine($0) }
        let found = try await entries(fasti, store, id).map { entry in
            // A package stores no names of users.
            var line = EntryLine(entry)
            #expect(line.user == "0" && line.group == "0")
            (line.user, line.group) = ("root", "root")
            return line
        }
        #expect(found == expected)
        let sound = try record.section("check", of: "all.txt").filter { $0.contains("OK ✓") }
        #expect(sound.count == expected.count + 1)
        #expect(try await fasti(["at", store, "check"]).text.contains("1 snapshot, \(sound.count) entries"))
        #expect(try await fasti(["at", store, "digest", id]).text == (try record.text("digest.txt")))

        let target = fasti.home.appending("restored")
        try await fasti(["at", store, "restore", "-quiet", "-to", target, id])
        for name in try FileManager.default.contentsOfDirectory(atPath: record.folder.path + "/source") {
            let source = try Data(contentsOf: record.folder.appending(path: "source/" + name))
            #expect(try await fasti(["at", store, "cat", "\(id):/\(name)"]).standardOutput == [UInt8](source))
            #expect(try Data(contentsOf: URL(filePath: target).appending(path: name)) == source)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: target).count == expected.count)
    }
}
