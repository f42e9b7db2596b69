import Foundation
import PeerPrograms
import Testing

@Suite("Names for sources, destinations and stores")
struct EntryCommandTests {
    @Test("The commands of the README")
    func readme() async throws {
        let program = try Program()
        let words = ["add", "my-caldav", "caldav://cal.example.org", "username=USER", "password=PASS", "--no-test"]
        for kind in ["source", "destination"] {
            #expect(try await program.run([kind] + words).status == 0)
            #expect(try await program.run([kind] + words).status == 1, "added twice")
            let text = try await program(kind, "show").text
            #expect(text.contains("location: caldav://cal.example.org"))
            #expect(text.contains("username: USER"))
            #expect(!text.contains("PASS"))
            #expect(try await program(kind, "show", "@my-caldav", "-secrets").text.contains("password: PASS"))
            #expect(try program.read(".config/fasti/\(kind)s.yml").contains("password: PASS"))
        }
    }

    @Test("A name is changed, shown in each form, and forgotten")
    func life() async throws {
        let program = try Program()
        #expect(
            try await program("source", "add", "cal", "location=dav://anna:geheim@h/", "token_cmd=echo x").status == 0,
            "kept, although it cannot work")
        #expect(try await program("source", "set", "cal", "username=berta", "token=abc").status == 0)
        #expect(try await program("source", "unset", "cal", "token_cmd").status == 0)
        #expect(try await program("source", "unset", "cal", "location").status == 1)
        #expect(try await program("source", "unset", "cal", "nothing").status == 1)
        let document = try await program("source", "show", "--json").document()
        let entries = try #require(document["entries"] as? [[String: Any]])
        #expect(entries.first?["name"] as? String == "cal")
        #expect(
            entries.first?["values"] as? [String: String] == [
                "location": "dav://anna:********@h/", "username": "berta", "token": "********",
            ])
        #expect(try await program("source", "show", "-ini").text.hasPrefix("[cal]\nlocation=dav://anna:********@h/\n"))
        #expect(try await program("source", "show", "other").status == 1)
        #expect(try await program("source", "rm", "@cal", "--json").document()["type"] as? String == "source.rm")
        #expect(try await program("source", "rm", "cal").status == 1)
        #expect(try await program("source", "show", "--json").document()["entries"] as? [String] == [])
    }

    @Test("Another folder, and a default store")
    func folderAndDefault() async throws {
        let program = try Program()
        let words = ["--configdir", "elsewhere", "store"]
        #expect(try await program.run(words + ["add", "home", "/no/such/store"]).status == 0)
        #expect(try await program.run(words + ["default", "home"]).status == 0)
        #expect(try await program.run(words + ["default", "absent"]).status == 1)
        #expect(try program.read("elsewhere/stores.yml").contains("default: home"))
        let result = try await program.run(["ls", "--configdir", "elsewhere"])
        #expect(result.status == 66)
        #expect(result.standardError.contains("@home"))
    }

    @Test("What is added is tried, and kept whatever comes of it")
    func addTries() async throws {
        let program = try Program()
        try program.write("x", to: "data/file")
        let good = try await program("source", "add", "good", program.home.appending("data"))
        #expect(good.status == 0 && good.text.contains("It works: "))
        let bad = try await program("source", "add", "bad", program.home.appending("gone"))
        #expect(bad.status == 0 && bad.standardError.contains("does not work yet"))
        let json = try await program("source", "add", "worse", program.home.appending("gone"), "--json").document()
        #expect(json["works"] as? Bool == false && (json["problem"] as? String)?.isEmpty == false)
        let untried = try await program("source", "add", "untried", program.home.appending("gone"), "--no-test")
        #expect(untried.status == 0 && untried.standardError.isEmpty)
        let show = try await program("source", "show", "--json").document()
        #expect((show["entries"] as? [Any])?.count == 4)
    }

    @Test("A mistake in a change is told at once, a file given as a name as well")
    func mistakes() async throws {
        let program = try Program()
        _ = try await program("source", "add", "cal", "caldav://h", "username=a", "password=b", "--no-test")
        let typo = try await program("source", "set", "cal", "pasword=c")
        #expect(typo.status == 0 && typo.standardError.contains("There is no option \"pasword\""))
        _ = try await program("source", "unset", "cal", "pasword")
        #expect(try await program("source", "set", "cal", "exclude=Work").standardError.isEmpty)
        let file = try await program("source", "import", "plakar.yml")
        #expect(file.status == 64 && file.standardError.contains("--from plakar.yml"))
        let other = try await program("destination", "show", "cal")
        #expect(other.status == 1)
    }

    @Test("A login with OAuth needs an entry that wants one")
    func login() async throws {
        let program = try Program()
        _ = try await program("source", "add", "plain", "caldav://h", "username=a", "password=b", "--no-test")
        let result = try await program("source", "login", "plain")
        #expect(result.status == 1 && result.standardError.contains("OAuth"))
        _ = try await program(
            "source", "add", "cloud", "caldav://h", "token_url=http://127.0.0.1:1/t", "client_id=x", "--no-test")
        let unreachable = try await program("source", "login", "cloud", "--device")
        #expect(unreachable.status == 1 && unreachable.standardError.contains("device_url"))
        let shown = try await program("source", "show", "cloud")
        #expect(shown.text.contains("client_id: \"********\"") || shown.text.contains("client_id: '********'"))
    }

    @Test("check builds the connector, ping also looks")
    func checkAndPing() async throws {
        let program = try Program()
        try program.write("x", to: "data/file")
        _ = try await program("source", "add", "here", program.home.appending("data"))
        _ = try await program("source", "add", "gone", program.home.appending("gone"))
        #expect(try await program("source", "check", "here").status == 0)
        let ping = try await program("source", "ping", "here", "--json").document()
        #expect(ping["ok"] as? Bool == true)
        #expect((ping["found"] as? String)?.isEmpty == false)
        #expect(try await program("source", "ping", "gone").status == 1)
        let odd = try await program("source", "add", "odd", "gopher://x")
        #expect(odd.status == 1)
        #expect(odd.standardError.contains("gopher"))
        #expect(try await program("source", "show", "odd").status == 1, "nothing was added")
    }
}
