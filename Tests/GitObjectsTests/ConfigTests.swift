import GitObjects
import PeerPrograms
import Testing

@Suite struct ConfigTests {
    private let text = """
        # a comment
        [core]
        \tbare = false ; said twice
        \tfilemode
        [xandikos]
        \ttype = calendar
        \tdisplayname = "My; \\"Work\\" #1 "
        \tcomment = one \\
        two
        \tcolor = "#ff0000"
        [branch "Main.x"]
        \tremote = origin
        [USER] Name = Ada  Lovelace  # trailing

        """

    @Test func readsWhatGitReads() {
        let config = GitConfig(parsing: Array(text.utf8))
        #expect(config.flag("core", "bare") == false)
        #expect(config.flag("core", "fileMode") == true)
        #expect(config["xandikos", "DisplayName"] == "My; \"Work\" #1 ")
        #expect(config["xandikos", "comment"] == "one two")
        #expect(config["xandikos", "color"] == "#ff0000")
        #expect(config["branch.Main.x", "remote"] == "origin")
        #expect(config["branch.main.x", "remote"] == nil)
        #expect(config["user", "name"] == "Ada  Lovelace")
        #expect(config.hasSection("Xandikos"))
        #expect(!config.hasSection("extensions"))
    }

    @Test func changesOneLineAndKeepsTheRest() {
        var config = GitConfig(parsing: Array(text.utf8))
        config.set("xandikos", "type", to: "addressbook")
        config.set("xandikos", "comment", to: nil)
        config.set("new", "key", to: "a # b \" \\ \n c")
        let written = String(decoding: config.encoded(), as: UTF8.self)
        #expect(
            written
                == text.replacing("\ttype = calendar", with: "\ttype = addressbook")
                .replacing("\tcomment = one \\\ntwo\n", with: "")
                + "[new]\n\tkey = \"a # b \\\" \\\\ \\n c\"\n")
        let again = GitConfig(parsing: config.encoded())
        #expect(again["new", "key"] == "a # b \" \\ \n c")
    }

    @Test(.enabled(if: GitProgram.isInstalled, "git is not installed"))
    func gitReadsWhatWeWrite() async throws {
        let folder = try TemporaryFolder()
        let repository = try GitRepository.create(in: folder.path)
        let values = ["plain", " spaces ", "#hash;semi", "quo\"te\\", "two\nlines\ttab", "žluťoučký", ""]
        for (number, value) in values.enumerated() {
            try repository.updateConfig { $0.set("xandikos", "key\(number)", to: value) }
        }
        for (number, value) in values.enumerated() {
            let read = try await GitProgram(in: folder.path)("config", "--get", "xandikos.key\(number)")
            #expect(read == value + "\n")
            #expect(try repository.config()["xandikos", "key\(number)"] == value)
        }
    }

    @Test func identityFollowsGitsRules() {
        let own = GitConfig(parsing: Array("[user]\n\tname = Repo\n".utf8))
        let account = GitConfig(parsing: Array("[user]\n\tname = Account\n\temail = account@example.org\n".utf8))
        let configured = GitIdentity(role: "AUTHOR", configs: [own, account], environment: [:])
        #expect(configured.name == "Repo")
        #expect(configured.email == "account@example.org")
        let forced = GitIdentity(
            role: "AUTHOR", configs: [own], environment: ["GIT_AUTHOR_NAME": "Env", "EMAIL": "env@example.org"])
        #expect(forced.name == "Env")
        #expect(forced.email == "env@example.org")
        let fallback = GitIdentity(role: "COMMITTER", configs: [], environment: [:])
        #expect(fallback.name == "fasti")
        #expect(fallback.email.hasPrefix("fasti@"))
    }
}
