import Foundation
import PeerPrograms
import Testing

@Suite("Questions on the terminal")
struct TerminalTests {
    /// Answers each prompt in turn and prints what was shown, then the exit status.
    private static let script = """
        import os, pty, sys, time, select
        answers = sys.argv[1].split("|")
        child, terminal = pty.fork()
        if child == 0:
            os.execv(sys.argv[2], sys.argv[2:])
        shown = b""
        pending = b""
        while True:
            ready, _, _ = select.select([terminal], [], [], 60)
            if not ready:
                os.kill(child, 9)
                break
            try:
                data = os.read(terminal, 4096)
            except OSError:
                break
            if not data:
                break
            shown += data
            pending += data
            if (pending.endswith(b": ") or pending.endswith(b"[Y/n] ")) and answers:
                answer = answers.pop(0)
                pending = b""
                os.write(terminal, b"\\x03" if answer == "^C" else answer.encode() + b"\\n")
        _, status = os.waitpid(child, 0)
        sys.stdout.write(shown.decode(errors="replace"))
        sys.stdout.write("\\nSTATUS %d\\n" % os.waitstatus_to_exitcode(status))
        """

    private func converse(_ answers: [String], _ words: String..., in program: Program) async throws -> String? {
        let python = PeerEnvironment.python ?? "/usr/bin/python3"
        guard FileManager.default.isExecutableFile(atPath: python), let fasti = PeerEnvironment.fasti else {
            print("Skipped: there is no Python to play the terminal.")
            return nil
        }
        let result = try await PeerPrograms.run(
            python, ["-c", Self.script, answers.joined(separator: "|"), fasti] + words,
            environment: ["HOME": program.home.path, "FASTI_PASSPHRASE": "", "PLAKAR_PASSPHRASE": ""],
            in: program.home.path)
        return result.text
    }

    @Test("A new passphrase is asked for twice, and never shown")
    func create() async throws {
        let program = try Program()
        let good = "correct horse battery staple"
        guard let made = try await converse([good, good], "at", "store", "create", in: program) else { return }
        #expect(made.contains("STATUS 0"), "\(made)")
        #expect(!made.contains(good))
        let opened = try await converse(["wrong", good], "at", "store", "ls", in: program)
        #expect(opened?.contains("STATUS 0") == true, "\(opened ?? "")")
        let refused = try await converse(["a", "b", "c", "d"], "at", "store", "ls", in: program)
        #expect(refused?.contains("STATUS 77") == true, "\(refused ?? "")")
    }

    @Test("Weak, empty and mistyped passphrases make no store")
    func refusals() async throws {
        let program = try Program()
        for answers in [
            ["12345678", "87654321"], ["12345678", ""], [""],
            ["correct horse battery staple", "correct horse battery stable"],
        ] {
            guard let shown = try await converse(answers, "at", "store", "create", in: program) else { return }
            #expect(shown.contains("STATUS 1"), "\(shown)")
            #expect(!program.exists("store/CONFIG"))
        }
        let weak = try await converse(["1234", "1234"], "at", "store", "create", "-weak-passphrase", in: program)
        #expect(weak?.contains("STATUS 0") == true, "\(weak ?? "")")
        let insisted = try await converse(["1234", "1234"], "at", "second", "create", in: program)
        #expect(insisted?.contains("STATUS 0") == true && insisted?.contains("weak") == true, "\(insisted ?? "")")
    }

    @Test("Ctrl-C at the prompt ends with 130")
    func interrupted() async throws {
        let program = try Program()
        guard let shown = try await converse(["^C"], "at", "store", "create", in: program) else { return }
        #expect(shown.contains("STATUS 130"), "\(shown)")
        #expect(!program.exists("store/CONFIG"))
    }

    @Test("What an account needs and the line does not say is asked for")
    func account() async throws {
        let program = try Program()
        let nowhere = "caldav+http://127.0.0.1:1/"
        guard let asked = try await converse([nowhere, "y"], "source", "add", "first", in: program) else { return }
        #expect(asked.contains("STATUS 0") && !asked.contains("Password"), "nobody knows yet whether: \(asked)")
        #expect(try await program("source", "show", "first").text.contains("location: \(nowhere)"))

        let user = try await converse(
            ["s3cret-password", "y"], "source", "add", "second", nowhere, "username=anna", in: program)
        #expect(user?.contains("STATUS 0") == true && user?.contains("s3cret") == false, "\(user ?? "")")
        #expect(try await program("source", "show", "-secrets", "second").text.contains("password: s3cret-password"))

        // A server that wants a login is answered, until there is no hope.
        let proxy = try FaultProxy(to: 1)
        proxy.begin { _ in .status(401) }
        let login = try await converse(
            ["anna", "wrong-1", "wrong-2", "wrong-3", "y"], "destination", "add", "third",
            "caldav+http://127.0.0.1:\(proxy.port)/", in: program)
        proxy.stop()
        #expect(login?.contains("STATUS 0") == true, "\(login ?? "")")
        #expect(login?.components(separatedBy: "Password of anna").count == 4)
        let third = try await program("destination", "show", "-secrets", "third").text
        #expect(third.contains("username: anna") && third.contains("password: wrong-3"))

        // Nothing is asked that is known, or that nobody wants to be asked.
        let known = try await converse(
            ["y"], "source", "add", "fourth", nowhere, "username=a", "password_cmd=echo x", in: program)
        #expect(known?.contains("STATUS 0") == true && known?.contains("Password") == false, "\(known ?? "")")
        let quick = try await converse([], "source", "add", "fifth", nowhere, "username=a", "--no-test", in: program)
        #expect(quick?.contains("STATUS 0") == true && quick?.contains("Password") == false, "\(quick ?? "")")
        let folder = try await converse([], "source", "add", "sixth", program.home.path, in: program)
        #expect(folder?.contains("STATUS 0") == true, "\(folder ?? "")")
        // Without an address there is nothing to add.
        let nothing = try await converse([""], "source", "add", "seventh", in: program)
        #expect(nothing?.contains("STATUS 64") == true, "\(nothing ?? "")")
        #expect(try await program("source", "add", "eighth", "--json").status == 64)
    }
}
