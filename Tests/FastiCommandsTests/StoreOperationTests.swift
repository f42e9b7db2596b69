import Foundation
import PeerPrograms
import Testing

/// maintenance, repair, sync, dup and ptar as they are typed.
@Suite("Store operations")
struct StoreOperationTests {
    private let secret = ["FASTI_PASSPHRASE": "correct horse battery staple 9 times"]

    /// A plain store in `store` with a snapshot of `files`.
    private func prepared() async throws -> Program {
        let program = try Program()
        try program.write("BEGIN:VCALENDAR\r\n", to: "files/work/a.ics")
        try program.write("", to: "files/empty")
        #expect(try await program("at", "store", "create", "-plaintext").status == 0)
        #expect(try await program("at", "store", "backup", "files").status == 0)
        return program
    }

    private func snapshots(_ program: Program, _ store: String = "store") async throws -> [String] {
        let document = try await program("at", store, "ls", "--json", environment: secret).document()
        let snapshots = try #require(document["snapshots"] as? [[String: Any]])
        return snapshots.compactMap { $0["identifier"] as? String }
    }

    @Test("Maintenance tells when space is freed, and frees it")
    func maintenance() async throws {
        let program = try await prepared()
        try program.write("changed", to: "files/work/b.ics")
        #expect(try await program("at", "store", "backup", "files").status == 0)
        let newest = try #require(try await snapshots(program).first)
        #expect(try await program("at", "store", "rm", "-apply", newest).status == 0)

        let rehearsal = try await program("at", "store", "maintenance", "--dry-run")
        #expect(rehearsal.status == 0 && rehearsal.text.contains("would be freed by a maintenance after 20"))
        let first = try await program("at", "store", "maintenance", "--json").result()
        #expect((first["scheduled"] as? [Any])?.count == 2 && (first["removed"] as? [Any])?.isEmpty == true)
        let again = try await program("at", "store", "maintenance")
        #expect(again.text.contains("to be freed by a maintenance after 20"), "\(again.text)")
        let last = try await program("at", "store", "maintenance", "-grace", "0")
        #expect(last.text.contains("freed: "), "\(last.text)")
        let idle = try await program("at", "store", "maintenance")
        #expect(idle.text.contains("nothing to free"), "\(idle.text)")
        #expect(try await program("at", "store", "check").status == 0)
        #expect(try await snapshots(program).count == 1)
    }

    @Test("The grace period is taken from the environment, and nonsense is refused")
    func gracePeriod() async throws {
        let program = try await prepared()
        let one = try await program(
            "at", "store", "maintenance", "--json", environment: ["PLAKAR_GRACEPERIOD": "1h30m"]
        ).result()
        #expect(one["graceSeconds"] as? Int == 5400)
        let both = ["PLAKAR_GRACEPERIOD": "1h", "FASTI_GRACEPERIOD": "2h"]
        #expect(
            try await program("at", "store", "maintenance", "--json", environment: both).result()["graceSeconds"]
                as? Int == 7200)
        for value in ["soon", "-1h", "1 month"] {
            let result = try await program("at", "store", "maintenance", environment: ["FASTI_GRACEPERIOD": value])
            #expect(result.status == 64, "\(value)")
        }
        #expect(try await program("at", "store", "maintenance", "--grace", "soon").status == 64)
        #expect(try await program("at", "store", "maintenance", environment: ["FASTI_LOCKLESS": "maybe"]).status == 64)
    }

    @Test("A lost state is found and written anew")
    func repair() async throws {
        let program = try await prepared()
        #expect(try await program("at", "store", "repair").text.contains("nothing to repair"))
        let snapshot = try #require(try await snapshots(program).first)
        let state = program.home.appending("store/states/\(snapshot.prefix(2))/\(snapshot)")
        try FileManager.default.removeItem(atPath: state)
        let plan = try await program("at", "store", "repair")
        #expect(plan.status == 0 && plan.text.contains("brings back \(snapshot.prefix(8))"), "\(plan.text)")
        #expect(!FileManager.default.fileExists(atPath: state))
        #expect(try await program("at", "store", "repair", "-apply").status == 0)
        #expect(try await snapshots(program) == [snapshot])
        #expect(try await program("at", "store", "check").status == 0)
    }

    @Test("Snapshots are copied to, from and with an encrypted store")
    func sync() async throws {
        let program = try await prepared()
        #expect(try await program("at", "vault", "create", environment: secret).status == 0)
        try program.write(secret["FASTI_PASSPHRASE"] ?? "", to: "key")
        let keyfile = ["--other-keyfile", program.home.appending("key")]
        let to = try await program("at", "store", "sync", "to", "vault", keyfile[0], keyfile[1], "--json").result()
        #expect((to["copied"] as? [Any])?.count == 1 && to["exitStatus"] as? Int == 0)
        #expect(try await snapshots(program, "vault") == snapshots(program))
        for store in ["store", "vault"] {
            let digest = try await program(
                "at", store, "digest", try await snapshots(program)[0], environment: secret)
            #expect(digest.status == 0 && digest.text.split(separator: "\n").count == 2)
        }
        let digests = try await [
            program("at", "store", "digest", "latest").text,
            program("at", "vault", "digest", "latest", environment: secret).text,
        ]
        #expect(digests[0] == digests[1])

        let again = try await program("at", "store", "sync", "to", "vault", keyfile[0], keyfile[1])
        #expect(again.text.contains("0 snapshots copied, 1 already there"), "\(again.text)")
        #expect(try await program("at", "vault", "backup", "files", environment: secret).status == 0)
        let with = try await program("at", "vault", "sync", "with", "store", environment: secret)
        #expect(with.status == 0, "\(with.standardError)")
        #expect(try await snapshots(program).count == 2)
        #expect(try await program("at", "store", "check").status == 0)

        let newest = try #require(try await snapshots(program).first)
        #expect(try await program("at", "store", "rm", "-apply", newest).status == 0)
        let removed = try await program("at", "store", "sync", "from", "vault", keyfile[0], keyfile[1])
        #expect(removed.status == 0 && removed.text.contains("removed from the destination before"))
        let named = try await program("at", "store", "sync", newest, "from", "vault", keyfile[0], keyfile[1])
        #expect(named.status == 3 && named.text.contains("NOT COPIED"), "\(named.text)")
    }

    @Test("A sync that makes no sense is refused before anything is asked")
    func syncUsage() async throws {
        let program = try await prepared()
        for words in [["sync"], ["sync", "vault"], ["sync", "into", "vault"], ["sync", "xyz", "to", "vault"]] {
            let result = try await PeerPrograms.run(
                try #require(PeerEnvironment.fasti), ["at", "nowhere"] + words, in: program.home.path)
            #expect(result.status == 64, "\(words)")
        }
        let same = try await program("at", "store", "sync", "to", "store")
        #expect(same.status == 1 && same.standardError.contains("same store"), "\(same.standardError)")
        #expect(try await program("at", "store", "sync", "to", "@nobody").status == 1)
        #expect(try await program("at", "store", "sync", "to", "nowhere").status == 66)
    }

    @Test("A duplicate is a snapshot of its own")
    func duplicate() async throws {
        let program = try await prepared()
        let original = try #require(try await snapshots(program).first)
        let result = try await program("at", "store", "dup", "latest", "--json").document()
        let copy = try #require((result["snapshots"] as? [[String: Any]])?.first?["snapshot"] as? String)
        #expect(try await snapshots(program) == [copy, original])
        #expect(try await program("at", "store", "rm", "-apply", original).status == 0)
        #expect(try await program("at", "store", "maintenance", "-grace", "0").status == 0)
        #expect(try await program("at", "store", "cat", "\(copy):work/a.ics").text == "BEGIN:VCALENDAR\r\n")
        #expect(try await program("at", "store", "dup", "ffff").status == 1)
        #expect(try await program("at", "store", "dup").status == 64)
    }

    @Test("An archive file holds sources and the snapshots of stores")
    func ptar() async throws {
        let program = try await prepared()
        let made = try await program("ptar", "-o", "all.ptar", "-k", "store", "files/work", environment: secret)
        #expect(made.status == 0, "\(made.standardError)")
        #expect(made.text.contains("2 snapshots in all.ptar"), "\(made.text)")
        #expect(try await snapshots(program, "all.ptar").count == 2)
        #expect(try await program("at", "all.ptar", "check", environment: secret).status == 0)
        #expect(try await program("at", "all.ptar", "check").status == 77)
        let back = try await program("at", "all.ptar", "cat", "latest:a.ics", environment: secret)
        #expect(back.text == "BEGIN:VCALENDAR\r\n")
        // Copies of archives go into stores again.
        #expect(try await program("at", "new", "create", "-plaintext").status == 0)
        #expect(try await program("at", "all.ptar", "sync", "to", "new", environment: secret).status == 0)
        #expect(try await program("at", "new", "check").status == 0)
        #expect(try await program("at", "all.ptar", "maintenance", environment: secret).status == 1)

        let refused = try await program("ptar", "-o", "all.ptar", "-plaintext", "files")
        #expect(refused.status == 1 && refused.standardError.contains("--overwrite"))
        #expect(try await program("ptar", "-o", "all.ptar", "-plaintext", "-overwrite", "files").status == 0)
        #expect(try await program("at", "all.ptar", "check").status == 0)
        #expect(try await program("ptar", "-o", "x.ptar").status == 64)
        #expect(try await program("ptar", "files").status == 64)
        #expect(try await program("ptar", "-o", "x.ptar", "files").status == 77, "no passphrase, no terminal")
        #expect(try await program("ptar", "-o", "x.ptar", "-plaintext", "nowhere").status != 0)
        #expect(!program.exists("x.ptar"))
    }

    @Test("An archive file takes the snapshots of a store that are asked for")
    func ptarOfSome() async throws {
        let program = try await prepared()
        #expect(try await program("at", "store", "backup", "files", "-tag", "calendar").status == 0)
        #expect(try await program("at", "store", "backup", "files", "-tag", "other").status == 0)
        let words = ["ptar", "-plaintext", "-overwrite", "-o", "some.ptar", "-k", "store"]
        let tagged = try await program.run(words + ["-tag", "calendar"])
        #expect(tagged.status == 0 && tagged.text.contains("1 snapshot in some.ptar"), "\(tagged.text)")
        #expect(try await program("at", "some.ptar", "ls", "-tags").text.contains("tags=calendar"))
        let latest = try await program.run(words + ["-latest", "-json"])
        #expect(try latest.result()["snapshots"] as? Int == 1)
        #expect(try await snapshots(program, "some.ptar") == [snapshots(program)[0]])
        let none = try await program.run(words + ["-tag", "nothing"])
        #expect(none.status == 1 && none.standardError.contains("No snapshot fits"))
        #expect(try await snapshots(program, "some.ptar").count == 1, "the old file is still there")
        // One store has none of them, the other has.
        _ = try await program("at", "empty", "create", "-plaintext")
        let both = try await program.run(words + ["-k", "empty", "-tag", "other"])
        #expect(both.status == 0 && both.standardError.contains("empty"), "\(both.standardError)")
        #expect(try await program("ptar", "-plaintext", "-o", "x.ptar", "-latest", "files").status == 64)
    }

    @Test("plakar's options for memory and cache: obeyed, or told that there is nothing to do")
    func tuning() async throws {
        let program = try await prepared()
        // Less than ten thousand pieces are not worth a cache.
        for number in 0..<5_200 { try program.write("\(number)", to: "files/many/\(number)") }
        let cache = ["-cachedir", "private-cache"]
        let without = try await program.run(["at", "store", "backup", "files", "-cache", "no"] + cache)
        #expect(without.status == 0 && !program.exists("private-cache"), "\(without.standardError)")
        try program.write("one more", to: "files/more")
        let with = try await program.run(["at", "store", "ls", "-quiet"] + cache)
        #expect(with.status == 0 && program.exists("private-cache"))
        for choice in ["memory", "/tmp"] {
            let packed = try await program("at", "store", "backup", "files", "-packfiles", choice)
            #expect(packed.status == 0 && packed.standardError.contains("--packfiles changes nothing"))
        }
        #expect(try await program("at", "store", "backup", "files", "-cache", "maybe").status == 64)
        _ = try await program("at", "second", "create", "-plaintext")
        #expect(
            try await program("at", "store", "sync", "-cache", "no", "-packfiles", "memory", "to", "second").status == 0
        )
        #expect(try await program("at", "store", "check", "-no-verify").status == 0)
        #expect(try await program("-datadir", "packages", "at", "store", "ls").status == 0)
        #expect(!program.exists("packages"))
    }

    @Test("All three directions of a sync with passphrases of both stores from files and settings")
    func syncBetweenTwoEncryptedStores() async throws {
        let program = try Program()
        try program.write("one", to: "files/one")
        try program.write("a passphrase for here and nowhere else", to: "here-key")
        try program.write("another passphrase that is only for there", to: "there-key")
        let here = ["-keyfile", program.home.appending("here-key")]
        let there = ["-keyfile", program.home.appending("there-key")]
        let other = ["-other-keyfile", program.home.appending("there-key")]
        #expect(try await program.run(["at", "here", "create"] + here).status == 0)
        #expect(try await program.run(["at", "there", "create"] + there).status == 0)
        #expect(try await program.run(["at", "here", "backup", "files"] + here).status == 0)
        #expect(try await program.run(["at", "here", "sync", "to", "there"] + here + other).status == 0)
        #expect(try await program.run(["at", "there", "backup", "files"] + there).status == 0)
        #expect(try await program.run(["at", "here", "sync", "from", "there"] + here + other).status == 0)
        #expect(try await program.run(["at", "here", "backup", "files"] + here).status == 0)
        // The other one's from its entry.
        let path = program.home.appending("there")
        _ = try await program(
            "store", "add", "offsite", path, "passphrase_cmd=cat '\(program.home.appending("there-key"))'")
        #expect(try await program.run(["at", "here", "sync", "with", "@offsite"] + here).status == 0)
        func count(_ store: String, _ key: [String]) async throws -> Int {
            try await program.run(["at", store, "ls"] + key).text.split(separator: "\n").count
        }
        #expect(try await count("here", here) == 3)
        #expect(try await count("there", there) == 3)
        #expect(try await program.run(["at", "there", "check"] + there).status == 0)
        // Neither key file nor environment of one store is tried on the other.
        #expect(try await program.run(["at", "here", "sync", "to", "there"] + here).status == 77)
        #expect(
            try await program.run(["at", "here", "sync", "to", "there"] + here + ["-other-keyfile", "here-key"]).status
                == 77)
    }
}
