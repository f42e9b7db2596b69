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
            if pending.endswith(b": ") and answers:
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
}
