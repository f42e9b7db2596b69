import Foundation
import PeerPrograms
import Testing

@Suite("A store from its creation to a restore")
struct StoreJourneyTests {
    private func tree(_ program: Program) throws {
        try program.write("alpha", to: "data/a.txt")
        try program.write("beta", to: "data/sub/b.txt")
        try program.write("", to: "data/sub/empty")
        try program.write("odd", to: "data/odd\u{1B}[31mname")
    }

    @Test(
        "Plaintext, in words", arguments: [["-plaintext"], ["--plaintext", "--hashing", "sha256", "-no-compression"]])
    func plaintext(options: [String]) async throws {
        let program = try Program()
        try tree(program)
        #expect(try await program.run(["at", "store", "create"] + options).status == 0)
        let again = try await program.run(["at", "store", "create"] + options)
        #expect(again.status == 1)
        #expect(again.standardError.contains("already"))
        #expect(try await program("at", "store", "ls").text == "")
        #expect(try await program("at", "store", "check").status == 1, "nothing to check is no success")

        let first = try await program("at", "store", "backup", "data", "-tag", "x, y")
        #expect(first.status == 0, "\(first.standardError)")
        #expect(first.text.contains("OK ✓"))
        #expect(first.text.contains("import completed without errors in"))
        #expect(!first.text.contains("\u{1B}"))

        try program.write("alpha 2", to: "data/a.txt")
        try program.write("new", to: "data/new.txt")
        try FileManager.default.removeItem(atPath: program.home.appending("data/sub/b.txt"))
        #expect(try await program("backup", "data", environment: ["FASTI_REPOSITORY": "store"]).status == 0)

        let lines = try await program("at", "store", "ls", "-tags").text.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[1].hasSuffix("tags=x,y"))
        let fields = lines[1].split(separator: " ")
        #expect(fields[0].wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil)
        let oldest = String(fields[1])
        #expect(oldest.count == 8)

        #expect(try await program("at", "store", "cat", "\(oldest):a.txt").text == "alpha")
        #expect(try await program("at", "store", "cat", "latest:a.txt").text == "alpha 2")
        #expect(try await program("at", "store", "cat", "latest:sub").status == 1)
        #expect(try await program("at", "store", "cat", "latest:nothing").status == 1)

        let listing = try await program("at", "store", "ls", oldest).text
        #expect(listing.contains(" a.txt\n"))
        #expect(!listing.contains("b.txt"))
        #expect(!listing.contains("\u{1B}"))
        let everything = try await program("at", "store", "ls", "-recursive", oldest).text
        #expect(everything.contains("/sub/b.txt\n"))

        let difference = try await program("at", "store", "diff", oldest, "latest").text.split(separator: "\n")
        #expect(difference.sorted() == ["+ /new.txt", "- /sub/b.txt", "M /a.txt"])

        #expect(try await program("at", "store", "check").text.contains("check completed without errors"))
        #expect(try await program("at", "store", "check", "-fast", oldest).status == 0)

        let restored = try await program("at", "store", "restore", "-to", "out", oldest)
        #expect(restored.status == 0, "\(restored.standardError)")
        #expect(try program.read("out/a.txt") == "alpha")
        #expect(try program.read("out/sub/b.txt") == "beta")
        #expect(try program.read("out/odd\u{1B}[31mname") == "odd")
        #expect(try await program("at", "store", "restore", "--to", "single", "\(oldest):sub/b.txt").status == 0)
        #expect(try program.read("single/b.txt") == "beta")

        let digest = try await program("at", "store", "digest", "latest:a.txt").text
        #expect(digest.contains("/a.txt) = "))

        #expect(try await program("at", "store", "rm", oldest).status == 0)
        #expect(try await program("at", "store", "ls").text.split(separator: "\n").count == 2, "only shown")
        #expect(try await program("at", "store", "rm", "-apply", oldest).status == 0)
        #expect(try await program("at", "store", "ls").text.split(separator: "\n").count == 1)
        #expect(try await program("at", "store", "rm", "-apply", oldest).status == 1)
        #expect(try await program("at", "store", "ls", "ffffffffffffffff").status == 1)
        #expect(try await program("at", "store", "check", "ffffffffffffffff").status == 1)
        #expect(try await program("at", "store", "ls", "--tag", "nothing").status == 1)
    }

    @Test("Without --to, a restore makes a new folder")
    func defaultTarget() async throws {
        let program = try Program()
        try tree(program)
        _ = try await program("at", "store", "create", "-plaintext")
        _ = try await program("at", "store", "backup", "data")
        #expect(try await program("at", "store", "restore").status == 0)
        let folders = try FileManager.default.contentsOfDirectory(atPath: program.home.path)
        let folder = try #require(folders.first { $0.hasPrefix("fasti-") })
        #expect(try program.read("\(folder)/sub/b.txt") == "beta")
    }

    @Test("Encrypted: the passphrase from every place, and the wrong one")
    func encrypted() async throws {
        let program = try Program()
        try tree(program)
        let passphrase = ["FASTI_PASSPHRASE": "correct horse battery staple"]
        let unasked = try await program("at", "store", "create")
        #expect(unasked.status == 77)
        #expect(!program.exists("store/CONFIG"))
        #expect(try await program("at", "store", "create", environment: passphrase).status == 0)
        #expect(try await program("at", "store", "backup", "data", environment: passphrase).status == 0)

        try program.write("correct horse battery staple\n", to: "key")
        try program.write("wrong\n", to: "wrong-key")
        #expect(try await program("-keyfile", "key", "at", "store", "ls").status == 0)
        #expect(
            try await program("at", "store", "ls", "--keyfile", "key", environment: ["FASTI_PASSPHRASE": "no"]).status
                == 0)
        #expect(
            try await program("at", "store", "ls", environment: ["PLAKAR_PASSPHRASE": "correct horse battery staple"])
                .status == 0)
        let wrong = try await program("at", "store", "ls", "-keyfile", "wrong-key")
        #expect(wrong.status == 77)
        #expect(wrong.standardError.contains("key file"))
        #expect(try await program("at", "store", "ls", environment: ["FASTI_PASSPHRASE": "wrong"]).status == 77)
        #expect(try await program("at", "store", "ls").status == 77, "nobody can be asked")
        #expect(try await program("at", "store", "ls", "--nope").status == 64, "before the passphrase")
        #expect(try await program("at", "store", "cat", "abc").status == 64, "before the passphrase")

        _ = try await program(
            "store", "add", "home", program.home.appending("store"),
            "passphrase_cmd=cat '\(program.home.appending("key"))'")
        #expect(try await program("at", "@home", "cat", "latest:a.txt").text == "alpha")
        #expect(try await program("at", "@home", "check").status == 0)
        #expect(try await program("at", "@home", "restore", "--to", "out").status == 0)
        #expect(try program.read("out/sub/b.txt") == "beta")
    }

    @Test("What is no store ends with 66, and is not changed")
    func noStore() async throws {
        let program = try Program()
        try program.write("precious", to: "full/file")
        for command in [["ls"], ["check"], ["info"], ["backup", "full"], ["restore"]] {
            for place in ["absent", "full"] {
                let result = try await program.run(["at", place] + command)
                #expect(result.status == 66, "\(place) \(command): \(result.standardError)")
            }
        }
        #expect(try await program("at", "full", "create", "-plaintext").status == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: program.home.appending("full")) == ["file"])
        #expect(!program.exists("absent"))
    }

    @Test("JSON of every command parses, also in a pipe")
    func json() async throws {
        let program = try Program()
        try tree(program)
        let created = try await program("--json", "at", "store", "create", "-plaintext").document()
        #expect(created["encrypted"] as? Bool == false)
        let repository = try #require(created["repository"] as? String)

        let backup = try await program("at", "store", "backup", "data", "--json")
        let events = try backup.events()
        #expect(events.allSatisfy { $0["repository"] as? String == repository && $0["version"] as? Int == 1 })
        #expect(events.contains { $0["type"] as? String == "file.ok" })
        let summary = try backup.result()
        #expect(summary["complete"] as? Bool == true)
        #expect(summary["files"] as? Int == 4)
        let snapshot = try #require(summary["snapshot"] as? String)
        #expect(snapshot.count == 64)

        let list = try await program("at", "store", "ls", "-json").document()
        let snapshots = try #require(list["snapshots"] as? [[String: Any]])
        #expect(snapshots.map { $0["identifier"] as? String } == [snapshot])
        #expect(snapshots.first?["files"] as? Int == 4)
        let entries = try await program("at", "store", "ls", snapshot, "-recursive", "--json").document()
        let paths = (entries["entries"] as? [[String: Any]])?.compactMap { $0["path"] as? String } ?? []
        #expect(paths.contains { $0.hasSuffix("/sub/b.txt") })
        let content = try await program("at", "store", "cat", "latest:a.txt", "--json").document()
        #expect(content["text"] as? String == "alpha")
        #expect(try await program("at", "store", "diff", snapshot, "latest", "--json").document()["added"] as? Int == 0)
        #expect(try await program("at", "store", "check", "--json").result()["sound"] as? Bool == true)
        #expect(try await program("at", "store", "info", "--json").document()["snapshots"] as? Int == 1)
        #expect(
            try await program("at", "store", "info", "latest", "--json").document()["type"] as? String == "snapshot")
        #expect(
            try await program("at", "store", "info", "latest", "--errors", "--json").document()["errors"] as? [String]
                == [])
        let digests = try await program("at", "store", "digest", "latest:a.txt", "--json").document()
        #expect(
            (digests["digests"] as? [[String: Any]])?.first?["digest"] as? String
                == "8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8")
        #expect(try await program("at", "store", "restore", "--to", "out", "--json").result()["files"] as? Int == 4)
        let removed = try await program("at", "store", "rm", "-apply", snapshot, "--json").document()
        #expect(removed["snapshots"] as? [String] == [snapshot])
        let error = try await program("at", "store", "cat", "latest:x", "--json")
        #expect(error.status == 1)
        #expect(error.standardOutput.isEmpty)
        #expect(
            try #require(JSONSerialization.jsonObject(with: Data(error.standardError.utf8)) as? [String: Any])["type"]
                as? String == "error")
    }

    @Test("The recorded command line has no secrets, quiet is quiet, silent is silent")
    func discretion() async throws {
        let program = try Program()
        try tree(program)
        _ = try await program("at", "store", "create", "-plaintext")
        let quiet = try await program("at", "store", "backup", "data", "--configdir", "password=geheim", "-quiet")
        #expect(quiet.status == 0, "\(quiet.standardError)")
        #expect(!quiet.text.contains("OK"))
        let info = try await program("at", "store", "info", "latest").text
        #expect(info.contains("CommandLine"))
        #expect(info.contains("password=********"))
        #expect(!info.contains("geheim"))
        let silent = try await program("at", "store", "backup", "data", "-silent")
        #expect(silent.status == 0)
        #expect(silent.text.isEmpty && silent.standardError.isEmpty)
        #expect(try await program("at", "store", "backup", "--dry-run", "data").status == 0)
        #expect(try await program("at", "store", "ls").text.split(separator: "\n").count == 2)
    }

    @Test("Damage is found, named, and ends with 65")
    func damage() async throws {
        let program = try Program()
        try tree(program)
        _ = try await program("at", "store", "create", "-plaintext", "-no-compression")
        _ = try await program("at", "store", "backup", "data")
        let folder = program.home.url.appending(path: "store/packfiles")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isRegularFileKey])
        for case let file as URL in files ?? FileManager.DirectoryEnumerator()
        where try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true {
            var bytes = try Data(contentsOf: file)
            guard let place = bytes.range(of: Data("alpha".utf8)) else { continue }
            bytes[place.lowerBound] ^= 1
            try bytes.write(to: file)
        }
        let check = try await program("at", "store", "check")
        #expect(check.status == 65, "\(check.text) \(check.standardError)")
        #expect(check.standardError.contains("KO ✘"))
        #expect(try await program("at", "store", "cat", "latest:a.txt").status == 65)
        #expect(try await program("at", "store", "cat", "latest:sub/b.txt").text == "beta")
        let restore = try await program("at", "store", "restore", "--to", "out")
        #expect(restore.status == 3)
        #expect(restore.standardError.contains("a.txt"))
        #expect(try program.read("out/sub/b.txt") == "beta")
        let json = try await program("at", "store", "check", "--json").result()
        #expect(json["sound"] as? Bool == false)
        #expect(json["exitStatus"] as? Int == 65)
    }

    @Test("What cannot be read makes an incomplete snapshot and ends with 3")
    func incomplete() async throws {
        let program = try Program()
        try tree(program)
        // Root can read everything: a folder that vanishes is no longer there for anybody. Here only others can test.
        guard getuid() != 0 else {
            print("Skipped: run as root, which can read every file.")
            return
        }
        chmod(program.home.appending("data/a.txt"), 0)
        _ = try await program("at", "store", "create", "-plaintext")
        let backup = try await program("at", "store", "backup", "data")
        #expect(backup.status == 3)
        #expect(backup.text.contains("INCOMPLETE"))
        #expect(try await program("at", "store", "ls", "-tags").text.contains("incomplete"))
        #expect(try await program("at", "store", "info", "--errors", "latest").text.contains("a.txt"))
    }
}
