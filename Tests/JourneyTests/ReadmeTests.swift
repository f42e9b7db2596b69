import Foundation
import PeerPrograms
import Testing

/// The README's tour, typed as it stands there by a new user with an empty home folder.
@Suite(.serialized) struct ReadmeTests {
    @Test func theTourWorksAsWritten() async throws {
        let page = try String(contentsOf: PeerEnvironment.packageRoot.appending(path: "README.md"), encoding: .utf8)
        let tour = Tour(page: page)
        try #require(tour.serverCommand == "make run")
        try #require(tour.steps.count >= 10)
        let program = try #require(PeerEnvironment.fasti)
        let home = try TemporaryFolder("fasti-tour")
        let port = try PeerServer.freePort()
        let environment = [
            "HOME": home.path, "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": "", "XDG_CACHE_HOME": "", "NO_COLOR": "1",
            "FASTI_PASSPHRASE": "", "PLAKAR_PASSPHRASE": "",
            // The program under test is built already, by the command that runs this test.
            "FASTI_BINARY": program,
        ]

        // The first terminal.
        let server = try PeerProcess(
            "/usr/bin/env", ["make", "run", "PORT=\(port)"], environment: environment,
            in: PeerEnvironment.packageRoot.path)
        let deadline = ContinuousClock.now + .seconds(60)
        while !server.output.contains("Ctrl-C"), server.isRunning, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(server.output.contains("http://localhost:\(port)/"), "\(server.output)")

        // The second terminal.
        let script = tour.script.replacingOccurrences(of: ":8080", with: ":\(port)")
        let result = try await run(
            "/bin/bash", ["-c", script], environment: environment, in: PeerEnvironment.packageRoot.path)
        let answers = tour.answers(in: result.text)
        #expect(answers.count == tour.steps.count, "the tour broke off: \(result.standardError.suffix(2000))")
        for (step, answer) in zip(tour.steps, answers) {
            #expect(answer.status == 0, "\(step.command)\n\(answer.output)")
            let expected = Tour.normalised(step.output)
            let actual = Tour.normalised(
                answer.output.replacingOccurrences(of: home.path, with: "/home/anna")
                    .replacingOccurrences(of: ":\(port)", with: ":8080"))
            #expect(actual == expected, "what the README shows for: \(step.command)")
        }

        // Ctrl-C stops the server cleanly.
        await server.interrupt()
        #expect(server.output.contains("Stopped."))
        let snapshots = try await run(
            program, ["at", home.appending(".local/share/fasti/snapshots"), "ls"], environment: environment)
        #expect(snapshots.text.split(separator: "\n").count >= 2, "one snapshot from the start, one from the end")
    }

    @Test func theTwoCommandsAndTheExampleStandInTheReadme() throws {
        let page = try String(contentsOf: PeerEnvironment.packageRoot.appending(path: "README.md"), encoding: .utf8)
        for line in [
            "make run", "make test",
            "fasti source add my-caldav caldav://cal.example.org username=USER password=PASS",
            "fasti at /var/backups create", "fasti at /var/backups backup \"@my-caldav\"",
            "fasti destination add my-restore caldav://cal.example.org username=USER password=PASS",
            "fasti at /var/backups restore -to \"@my-restore\" SNAPSHOT",
        ] {
            #expect(page.contains(line), "\(line)")
        }
    }
}

/// The console blocks of a page that are marked as parts of its tour.
struct Tour {
    struct Step {
        var command: String
        var output: String
    }

    private(set) var serverCommand = ""
    private(set) var steps: [Step] = []

    private static let marker = "@@tour@@"

    init(page: String) {
        var mark: String?
        var block: String?
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            switch line {
            case "<!-- tour -->", "<!-- tour: server -->": mark = String(line)
            case "```console" where mark != nil: block = mark
            case "```":
                block = nil
                mark = nil
            default: if let block { add(String(line), to: block) }
            }
        }
    }

    private mutating func add(_ line: String, to block: String) {
        if line.hasPrefix("$ ") {
            let command = String(line.dropFirst(2))
            if block == "<!-- tour -->" {
                steps.append(Step(command: command, output: ""))
            } else {
                serverCommand = command
            }
        } else if block == "<!-- tour -->", let last = steps.indices.last {
            if steps[last].command.hasSuffix("\\") {
                steps[last].command += "\n" + line
            } else {
                steps[last].output += line + "\n"
            }
        }
    }

    /// All commands for one shell, each followed by a line with its status.
    var script: String {
        steps.map { "\($0.command)\necho; echo \"\(Self.marker) $?\"\n" }.joined().replacingOccurrences(
            of: "\necho; echo \"\(Self.marker) $?\"",
            with: "\ntour_status=$?; echo; echo \"\(Self.marker) $tour_status\"")
    }

    func answers(in text: String) -> [(status: Int32, output: String)] {
        var answers: [(Int32, String)] = []
        var output = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix(Self.marker + " ") {
                answers.append((Int32(line.dropFirst(Self.marker.count + 1)) ?? -1, output))
                output = ""
            } else {
                output += line + "\n"
            }
        }
        return answers
    }

    /// What may differ from run to run becomes a word: identifiers, times, sizes, durations.
    static func normalised(_ text: String) -> String {
        // curl prints calendars with CRLF.
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\r" }))
            .replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?/, with: "TIME")
            .replacing(/\b(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b/, with: "ID")
            .replacing(/\b\d+(\.\d+)? ?(B|KiB|MiB|GiB|kB|ms|s)\b/, with: "QUANTITY")
            .replacing(#/ +/#, with: " ")
            .split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
            .joined(separator: "\n")
    }
}
