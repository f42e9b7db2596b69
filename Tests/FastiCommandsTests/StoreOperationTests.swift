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
}
