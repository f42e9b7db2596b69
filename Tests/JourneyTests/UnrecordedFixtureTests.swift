import Foundation
import PeerPrograms
import Testing

/// Stores of the Go engine of which no output is recorded, against the independent reader: every entry, every digest.
@Suite(
    .enabled(
        if: PeerEnvironment.shared != nil && PeerEnvironment.python != nil,
        "the fixtures or the independent reader are not here: set FASTI_SHARED and FASTI_TEST_PYTHON"))
struct UnrecordedFixtureTests {
    private func reader(_ words: [String]) async throws -> String {
        let tool = try #require(PeerEnvironment.shared).appending(path: "tools/kloset_verify.py").path
        let result = try await run(
            try #require(PeerEnvironment.python), [tool] + words,
            environment: ["KLOSET_PASSPHRASE": "correct horse battery staple"])
        try #require(result.status == 0, "\(words): \(result.standardError)")
        return result.text
    }

    @Test(arguments: ["store-kloset-1.0", "store-3000-files", "store-after-gc", "store-gzip"])
    func agrees(name: String) async throws {
        let fasti = try FastiProgram()
        let store = GoEngineTests.store(name)
        let list = try await fasti(["at", store, "ls", "--json"])
        let document = try #require(JSONSerialization.jsonObject(with: Data(list.standardOutput)) as? [String: Any])
        let snapshots = try #require(document["snapshots"] as? [[String: Any]])
        let identifiers = snapshots.compactMap { $0["identifier"] as? String }
        let listed = try await reader(["ls", store, "--long"]).split(separator: "\n").map { line in
            line.split(separator: " ").prefix(2).map(String.init)
        }
        #expect(
            snapshots.reversed().map { [GoFormat.time($0["timestamp"]), $0["identifier"] as? String ?? ""] } == listed)

        for id in identifiers {
            let entries = try await fasti(["at", store, "ls", "-recursive", "--json", id + ":/"])
            let document = try #require(
                JSONSerialization.jsonObject(with: Data(entries.standardOutput)) as? [String: Any])
            let found = try #require(document["entries"] as? [[String: Any]]).map { entry in
                var fields = ["mode", "user", "group"].map { entry[$0] as? String ?? "" }
                fields += ["\(entry["size"] as? Int ?? -1)", GoFormat.time(entry["modified"])]
                fields.append(entry["path"] as? String ?? "")
                if let target = entry["target"] as? String { fields[5] += " -> " + target }
                return fields.joined(separator: " ")
            }
            var attributed: [String: Set<String>] = [:]
            let expected = try await reader(["tree", store, id]).split(separator: "\n").map { line in
                let fields = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: true)
                let rest = fields[3].drop { $0 == " " }.split(separator: " xattrs=", maxSplits: 1)
                if rest.count > 1, let slash = rest[0].firstIndex(of: "/") {
                    attributed[String(rest[0][slash...])] = Set(rest[1].split(separator: ",").map(String.init))
                }
                return (fields[..<3].map(String.init) + [String(rest[0])]).joined(separator: " ")
            }
            #expect(Set(found).symmetricDifference(expected).filter { !$0.hasSuffix("Z /") } == [])
            #expect(found.count + 1 == expected.count)

            let digests = try await fasti(["at", store, "digest", id]).text.split(separator: "\n")
                .map { $0.suffix(64) }
            let theirs = try await reader(["sha256", store, id]).split(separator: "\n")
                .map { $0.drop { $0 == "\\" }.prefix(64) }
            #expect(digests.sorted() == theirs.sorted())

            let target = fasti.home.appending("restored-\(id.prefix(8))")
            let restored = try await run(
                fasti.executable, ["at", store, "restore", "-quiet", "-to", target, id],
                environment: fasti.environment, in: fasti.home.path)
            // Errors that the snapshot recorded make a restore incomplete; nothing else may be missing.
            #expect(restored.status == 0 || restored.status == 3, "\(restored.standardError)")
            let sums = try await run(
                "/bin/sh", ["-c", "find . -type f -exec sha256sum {} + | sed 's/^.//;t' | wc -l"], in: target)
            #expect(sums.text.trimmingCharacters(in: .whitespacesAndNewlines) == "\(theirs.count)")
            let check = try await run(
                "/usr/bin/sha256sum", ["--check", "--strict", "--quiet"], in: target,
                input: Array(try await reader(["sha256", store, id]).utf8))
            #expect(theirs.isEmpty || check.status == 0, "\(check.text) \(check.standardError)")
            let root = snapshots.first { $0["identifier"] as? String == id }?["root"] as? String ?? ""
            for (path, names) in attributed {
                let found = try await attributeNames(target + path.dropFirst(root.count))
                #expect(found == names, "\(path)")
            }
        }
        let check = try await fasti(["at", store, "check"])
        #expect(check.text.contains("check completed without errors"))
        #expect(!identifiers.isEmpty)
    }

    private func attributeNames(_ path: String) async throws -> Set<String> {
        let script = "import os, sys; print(*os.listxattr(sys.argv[1], follow_symlinks=False), sep='\\n')"
        let result = try await run(try #require(PeerEnvironment.python), ["-c", script, path])
        return Set(result.text.split(separator: "\n").map(String.init))
    }

    @Test func aStoreWithoutSnapshotsIsListedAsSuch() async throws {
        let fasti = try FastiProgram()
        let store = GoEngineTests.store("store-zstd")
        #expect(try await fasti(["at", store, "ls"]).text.isEmpty)
        try await fasti(["at", store, "check"], expecting: 1)
    }
}
