import Foundation
import PeerPrograms
import Testing

/// tar and zip files are what other programs take them for.
@Suite("Archives")
struct ArchiveTests {
    private static let longName = String(repeating: "long name ", count: 20) + "ä"

    /// A store with a snapshot of everything that an archive may have trouble with.
    private func prepared() async throws -> Program {
        let program = try Program()
        let files = program.home.appending("files")
        try program.write("BEGIN:VCALENDAR\r\n", to: "files/work/a.ics")
        try program.write("", to: "files/empty")
        try program.write("long", to: "files/\(Self.longName)/\(Self.longName)")
        try program.write("Grüße", to: "files/ä ö ü.txt")
        try Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) })
            .write(to: URL(filePath: files).appending(path: "big"))
        let script = """
            cd "$1" && ln -s work/a.ics link && ln work/a.ics hard && mkfifo pipe && mkdir folder && chmod 750 folder &&
            touch -d '2001-02-03 04:05:06.789012345 UTC' empty && chmod 4711 big &&
            python3 -c 'import os; os.setxattr("empty", "user.colour", b"blue\\0\\n=")' 2>/dev/null; true
            """
        let result = try await run("/bin/sh", ["-c", script, "sh", files])
        #expect(result.status == 0, "\(result.standardError)")
        #expect(try await program("at", "store", "create", "-plaintext").status == 0)
        #expect(try await program("at", "store", "backup", "files").status == 0)
        return program
    }

    private func python(_ program: Program, _ script: String, _ arguments: String...) async throws -> String {
        guard let python = PeerEnvironment.python else { return "" }
        let result = try await run(python, ["-c", script] + arguments, in: program.home.path)
        #expect(result.status == 0, "\(result.standardError)")
        return result.text
    }

    @Test("GNU tar restores everything", arguments: ["tar", "tarball"])
    func tar(format: String) async throws {
        let program = try await prepared()
        let made = try await program(
            "at", "store", "archive", "-format", format, "-output", "a.tar", "-rebase", "latest")
        #expect(made.status == 0, "\(made.standardError)")
        try FileManager.default.createDirectory(
            atPath: program.home.appending("out"), withIntermediateDirectories: true)
        let tar = try await run(
            "/usr/bin/tar", ["-x", "--xattrs", "-f", "a.tar", "-C", "out"], in: program.home.path)
        #expect(tar.status == 0 && tar.standardError.isEmpty, "\(tar.standardError)")
        let compared = try await run(
            "/usr/bin/diff", ["-r", "--no-dereference", "files", "out"], in: program.home.path)
        // diff cannot look into a pipe, and says so.
        #expect(!compared.text.contains("Only in") && !compared.text.contains("differ"), "\(compared.text)")
        let facts = "--format=%a %u %g %F %.9Y %h %N"
        for name in ["empty", "big", "folder", "link", "pipe", "hard"] {
            let before = try await run("/usr/bin/stat", [facts, name], in: program.home.appending("files"))
            let after = try await run("/usr/bin/stat", [facts, name], in: program.home.appending("out"))
            #expect(before.text == after.text)
        }
        let read = "import os,sys\ntry: print(os.getxattr(sys.argv[1], 'user.colour'))\nexcept OSError: print('none')"
        #expect(try await python(program, read, "files/empty") == python(program, read, "out/empty"))
    }

    @Test("Python's tarfile finds names, times and attributes")
    func tarfile() async throws {
        guard PeerEnvironment.python != nil else { return }
        let program = try await prepared()
        let made = try await program("at", "store", "archive", "-format", "tar", "-output", "-", "-rebase", "latest")
        #expect(made.status == 0, "\(made.standardError)")
        try Data(made.standardOutput).write(to: URL(filePath: program.home.appending("a.tar")))
        #expect(made.standardOutput.count % 10_240 == 0)
        let found = try await python(
            program,
            """
            import tarfile
            for m in tarfile.open("a.tar"):
                print(m.name, m.type.decode(), m.pax_headers.get("mtime"), m.linkname, sep="|")
            """)
        #expect(found.contains("empty|0|981173106.789012345|"))
        #expect(found.contains("\(Self.longName)/\(Self.longName)|0|"))
        #expect(found.contains("work/a.ics|1|") || found.contains("hard|1|"), "\(found)")
        #expect(found.contains("pipe|6|") && found.contains("link|2|") && found.contains("folder|5|"))
    }

    @Test("unzip and Python's zipfile agree")
    func zip() async throws {
        let program = try await prepared()
        let made = try await program(
            "at", "store", "archive", "-format", "zip", "-output", "a.zip", "-rebase", "latest")
        #expect(made.status == 0, "\(made.standardError)")
        #expect(made.standardError.contains("pipe"), "what zip cannot hold is told")
        let test = try await run("/usr/bin/unzip", ["-tq", "a.zip"], in: program.home.path)
        #expect(test.status == 0, "\(test.text)")
        let found = try await python(
            program,
            """
            import zipfile
            z = zipfile.ZipFile("a.zip")
            assert z.testzip() is None
            for m in z.infolist():
                print(m.filename, oct(m.external_attr >> 16), m.file_size, bool(m.flag_bits & 0x800), sep="|")
            assert z.read("big") == open("files/big", "rb").read()
            assert z.read("hard") == z.read("work/a.ics") == b"BEGIN:VCALENDAR\\r\\n"
            """)
        guard PeerEnvironment.python != nil else { return }
        #expect(found.contains("ä ö ü.txt|0o100644|7|True"), "\(found)")
        #expect(found.contains("link|0o120777|10|True") && found.contains("folder/|0o40750|0|True"))
        #expect(found.contains("\(Self.longName)/\(Self.longName)|"))
    }

    @Test("Without --rebase names begin at the root; one file alone is an archive, too")
    func names() async throws {
        let program = try await prepared()
        #expect(try await program("at", "store", "archive", "-format", "tar", "-output", "a.tar").status == 0)
        let all = try await run("/usr/bin/tar", ["-tf", "a.tar"], in: program.home.path)
        #expect(all.text.contains("\(program.home.path.dropFirst())/files/work/a.ics\n"), "\(all.text)")
        let one = try await program(
            "at", "store", "archive", "-format", "tar", "-rebase", "-output", "b.tar", "latest:work/a.ics")
        #expect(one.status == 0)
        #expect(try await run("/usr/bin/tar", ["-tf", "b.tar"], in: program.home.path).text == "a.ics\n")
        #expect(try await program("at", "store", "archive", "-output", "a.tar").status == 1, "it is there already")
        #expect(try await program("at", "store", "archive", "-output", "a.tar", "-overwrite").status == 0)
        #expect(try await program("at", "store", "archive", "-output", "-", "--json").status == 64)
        #expect(try await program("at", "store", "archive", "-format", "rar").status == 64)
        #expect(try await program("at", "store", "archive", "-output", "c.tar", "latest:nothing").status == 1)
        #expect(!program.exists("c.tar"))
    }
}
