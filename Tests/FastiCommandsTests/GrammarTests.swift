import FastiCommands
import Testing

@Suite("What stands before the command")
struct GrammarTests {
    @Test(
        "Global options and the location are understood in every accepted form",
        arguments: [
            (["ls"], nil, ["ls"]),
            (["at", "/b", "ls"], "/b", ["ls"]),
            (["--json", "at", "/b", "ls"], "/b", ["ls", "--json"]),
            (["-json", "-keyfile", "k", "at", "@home", "ls", "x"], "@home", ["ls", "x", "--json", "--keyfile", "k"]),
            (["--configdir=/c", "source", "show"], nil, ["source", "show", "--configdir=/c"]),
            (["-quiet", "at", "/b", "cat", "--", "-x"], "/b", ["cat", "--quiet", "--", "-x"]),
            (["at", "at", "ls"], "at", ["ls"]),
            (["at", "/b", "ls", "at"], "/b", ["ls", "at"]),
            (["ls", "-help"], nil, ["ls", "--help"]),
            (
                ["backup", "d", "-tag=a", "-dry-run", "-o", "k=-v"], nil,
                ["backup", "d", "--tag=a", "--dry-run", "-o", "k=-v"]
            ),
            (["cat", "--", "-long", "-"], nil, ["cat", "--", "-long", "-"]),
            (["-h"], nil, ["--help"]),
            (["--version"], nil, ["version"]),
            (["--json", "--version"], nil, ["version", "--json"]),
        ] as [([String], String?, [String])])
    func accepted(words: [String], location: String?, arguments: [String]) throws {
        let front = try CommandLineFront(parsing: words)
        #expect(front.location == location)
        #expect(front.arguments == arguments)
    }

    @Test(
        "Everything else is a usage error",
        arguments: [
            [], ["at"], ["at", "/b"], ["at", "", "ls"], ["at", "/b", "--json", "ls"], ["--nope", "ls"], ["-x"],
            ["--keyfile"], ["--json=yes", "ls"], ["--json"],
        ])
    func refused(words: [String]) {
        #expect(throws: CommandError(.usage, "")) { try CommandLineFront(parsing: words) }
    }

    @Test("A password in a location is not repeated in an error")
    func noSecrets() {
        let error = #expect(throws: CommandError.self) {
            try CommandLineFront(parsing: ["at", "s3://me:geheim@host/b"])
        }
        #expect(error?.description.contains("geheim") == false)
    }
}
