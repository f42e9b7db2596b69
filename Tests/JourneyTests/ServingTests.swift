import Foundation
import PeerPrograms
import Testing

/// How the server is reached: TLS and its renewal, Unix sockets, trusted proxies, passwords of devices, metrics.
@Suite struct ServingTests {
    private func curl(_ arguments: String...) async throws -> ProgramResult {
        try await run("/usr/bin/curl", ["-sS", "--max-time", "30"] + arguments)
    }

    private func certificate(_ name: String, in folder: TemporaryFolder) async throws -> Bool {
        guard
            let openssl = ["/usr/bin/openssl", "/usr/local/bin/openssl"]
                .first(where: FileManager.default.isExecutableFile)
        else {
            print("openssl is not installed here: run make test")
            return false
        }
        let result = try await run(
            openssl,
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", folder.appending("\(name).key"), "-out", folder.appending("\(name).pem"),
            ])
        try #require(result.status == 0, "\(result.standardError)")
        return true
    }

    @Test func aRenewedCertificateIsTakenUp() async throws {
        let work = try TemporaryFolder()
        guard try await certificate("first", in: work), try await certificate("second", in: work) else { return }
        let files = FileManager.default
        func install(_ name: String) throws {
            for kind in ["pem", "key"] {
                try? files.removeItem(atPath: work.appending("server.\(kind)"))
                try files.copyItem(atPath: work.appending("\(name).\(kind)"), toPath: work.appending("server.\(kind)"))
            }
        }
        try install("first")
        let server = try #require(
            try await PeerServer.start(
                .fasti, in: work.appending("dav"),
                arguments: [
                    "--tls-certificate", work.appending("server.pem"), "--tls-key", work.appending("server.key"),
                ]))
        let url = "https://127.0.0.1:\(server.port)/.well-known/caldav"
        func answers(_ name: String) async throws -> Bool {
            let result = try await curl(
                "--cacert", work.appending("\(name).pem"), "-o", "/dev/null", "-w", "%{http_code}", url)
            return result.text == "308"
        }
        #expect(try await answers("first"))
        #expect(try await answers("second") == false)
        #expect(try await curl("--tls-max", "1.1", "--cacert", work.appending("first.pem"), url).status != 0)
        try install("second")
        kill(server.process.identifier, SIGHUP)
        let deadline = ContinuousClock.now + .seconds(90)
        var isRenewed = false
        while !isRenewed, ContinuousClock.now < deadline { isRenewed = try await answers("second") }
        #expect(isRenewed)
        // Files that do not belong together change nothing.
        try files.removeItem(atPath: work.appending("server.key"))
        try files.copyItem(atPath: work.appending("first.key"), toPath: work.appending("server.key"))
        kill(server.process.identifier, SIGHUP)
        while !server.process.output.contains("stays as it was"), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(server.process.output.contains("does not belong to the certificate"))
        #expect(try await answers("second"))
        #expect(await server.stop() == 0)
    }

    @Test func trustedProxiesSayWhoItIs() async throws {
        let work = try TemporaryFolder()
        let server = try #require(
            try await PeerServer.start(
                .fasti, in: work.path, arguments: ["--trust-x-remote-user-from", "127.0.0.0/8"]))
        let named = try await exchange(
            "PROPFIND", server.url + "/", headers: ["X-Remote-User": "ada", "Depth": "0"],
            body: Array("<propfind xmlns='DAV:'><prop><current-user-principal/></prop></propfind>".utf8))
        #expect(named.status == 207 && named.text.contains("/ada/"))
        #expect(named.header("X-Request-ID")?.isEmpty == false)
        #expect(try await exchange("PROPFIND", server.url + "/").status == 401, "nobody is named")
        await server.stop()
        let wary = try #require(
            try await PeerServer.start(.fasti, in: work.path, arguments: ["--trust-x-remote-user-from", "192.0.2.1"]))
        let foreign = try await exchange("PROPFIND", wary.url + "/", headers: ["X-Remote-User": "ada"])
        #expect(foreign.status == 401)
        await wary.stop()
    }

    @Test func aUnixSocketIsServed() async throws {
        let fasti = try FastiProgram()
        let work = try TemporaryFolder("fs")
        let socket = work.appending("s/ock")
        try FileManager.default.createDirectory(atPath: work.appending("s"), withIntermediateDirectories: true)
        let process = try PeerProcess(
            fasti.executable, ["serve", "--defaults", "-d", work.appending("dav"), "-l", socket],
            environment: fasti.environment)
        let deadline = ContinuousClock.now + .seconds(60)
        while !FileManager.default.fileExists(atPath: socket), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        var text = ""
        while text != "200", ContinuousClock.now < deadline {
            text = try await curl(
                "--unix-socket", socket, "-o", "/dev/null", "-w", "%{http_code}", "http://localhost/user/"
            ).text
        }
        #expect(text == "200", "\(process.output)")
        await process.stop()
    }

    @Test func watchersSeeHealthAndMetrics() async throws {
        let work = try TemporaryFolder()
        let port = try PeerServer.freePort()
        let server = try #require(
            try await PeerServer.start(.fasti, in: work.path, environment: ["METRICS_PORT": String(port)]))
        #expect(try await exchange("GET", server.url + "/user/").status == 200)
        #expect(try await exchange("GET", server.url + "/user/secret.ics").status == 404)
        let health = try await exchange("GET", "http://127.0.0.1:\(port)/health")
        #expect(health.status == 200 && health.text == "ok\n")
        let metrics = try await exchange("GET", "http://127.0.0.1:\(port)/metrics").text
        #expect(metrics.contains("fasti_requests_total{method=\"GET\",status=\"200\"} 1"))
        #expect(metrics.contains("fasti_requests_total{method=\"GET\",status=\"404\"} 1"))
        #expect(metrics.contains("fasti_request_seconds_count 2"))
        #expect(!metrics.contains("secret"))
        #expect(try await exchange("GET", "http://127.0.0.1:\(port)/user/").status == 404)
        await server.stop()
    }

    @Test func everyDeviceHasAPasswordOfItsOwn() async throws {
        let work = try TemporaryFolder()
        let fasti = try FastiProgram()
        let users = work.appending("users")
        func user(_ words: String..., input: String? = nil) async throws -> ProgramResult {
            try await run(
                fasti.executable, ["user", words[0], "--users", users] + words.dropFirst(),
                environment: fasti.environment, input: input.map { Array($0.utf8) })
        }
        #expect(try await user("add", "--stdin", "anna", input: "anna's own secret\n").status == 0)
        let made = try await user("device", "anna", "phone")
        #expect(made.status == 0)
        let password = try #require(made.text.split(whereSeparator: \.isNewline).last).trimmingCharacters(
            in: .whitespaces)
        #expect(password.count == 31)
        #expect(try await user("device", "anna", "phone").status != 0, "one password for one device")
        #expect(try await user("list").text == "anna\nanna/phone\n")
        let server = try #require(
            try await PeerServer.start(.fasti, in: work.appending("dav"), arguments: ["--users", users]))
        func logIn(_ password: String) async throws -> Int {
            try await exchange("PROPFIND", server.url + "/", headers: ["Depth": "0"], user: "anna:\(password)").status
        }
        for password in [password, "anna's own secret", password] { #expect(try await logIn(password) == 207) }
        #expect(try await exchange("PROPFIND", server.url + "/", user: "anna/phone:\(password)").status == 401)
        #expect(try await user("rm", "anna/phone").status == 0)
        #expect(try await logIn(password) == 401, "a lost phone is locked out at once")
        #expect(try await logIn("anna's own secret") == 207)
        await server.stop()
    }

    /// What systemd does: it binds and listens, and starts the program with the socket as descriptor 3.
    private static let activation = """
        import os, socket, sys
        s = socket.socket(socket.AF_INET if sys.argv[1] != "unix" else socket.AF_UNIX)
        s.bind((sys.argv[2], 0) if sys.argv[1] != "unix" else sys.argv[2])
        s.listen(64)
        print("listening", s.getsockname()[1] if sys.argv[1] != "unix" else "", flush=True)
        os.dup2(s.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"] = str(os.getpid()), "1"
        os.execv(sys.argv[3], sys.argv[3:])
        """

    @Test func theServiceManagerMayBindTheSocket() async throws {
        guard let fasti = PeerEnvironment.fasti, let python = PeerEnvironment.python else { return }
        let work = try TemporaryFolder()
        let serve = ["serve", "--defaults", "-d", work.appending("dav")]
        let process = try PeerProcess(python, ["-c", Self.activation, "tcp", "127.0.0.1", fasti] + serve)
        let deadline = ContinuousClock.now + .seconds(180)
        while !process.output.contains("Ctrl-C"), process.isRunning, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        let port = try #require(
            process.output.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
        let page = try await exchange("GET", "http://127.0.0.1:\(port)/")
        #expect(page.status == 200 && page.header("Date") != nil && page.header("Server") == "Fasti")
        #expect(page.header("X-Request-ID")?.isEmpty == false)
        #expect(await process.stop() == 0, "it ends in good order: \(process.output)")

        // A socket for everybody is refused without passwords, as an address for everybody is.
        let open = try PeerProcess(python, ["-c", Self.activation, "tcp", "0.0.0.0", fasti] + serve)
        #expect(await open.waitUntilExit() == 64)
        #expect(open.output.contains("--users"))

        let path = work.appending("socket")
        let local = try PeerProcess(python, ["-c", Self.activation, "unix", path, fasti] + serve)
        let secondDeadline = ContinuousClock.now + .seconds(180)
        while !local.output.contains("Ctrl-C"), local.isRunning, ContinuousClock.now < secondDeadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(
            try await curl("--unix-socket", path, "-o", "/dev/null", "-w", "%{http_code}", "http://localhost/").text
                == "200")
        #expect(await local.stop() == 0)
    }

    @Test func optionsOfXandikosMeanTheSame() async throws {
        guard let fasti = PeerEnvironment.fasti else { return }
        let work = try TemporaryFolder()
        let socket = work.appending("socket")
        let process = try PeerProcess(
            fasti, ["serve", "-d", work.appending("dav"), "-l", socket, "--socket-mode", "660"],
            environment: ["DEFAULTS": "true", "EAGER": "1", "NO_DETECT_SYSTEMD": "yes"])
        let deadline = ContinuousClock.now + .seconds(90)
        while !process.output.contains("Ctrl-C"), process.isRunning, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: socket)
        #expect((attributes[.posixPermissions] as? Int) == 0o660)
        let url = "http://x/user/calendars/calendar/"
        #expect(try await curl("--unix-socket", socket, "-o", "/dev/null", "-w", "%{http_code}", url).text == "200")
        #expect(await process.stop() == 0)

        let autocert = try await run(fasti, ["serve", "-d", work.path, "--autocert"])
        #expect(autocert.status == 64 && autocert.standardError.contains("--tls-certificate"))
        let word = try await run(fasti, ["serve", "-d", work.path], environment: ["AUTOCREATE": "perhaps"])
        #expect(word.status == 64 && word.standardError.contains("AUTOCREATE"))
        let users = work.appending("htpasswd")
        try #require(
            try await run(fasti, ["user", "add", "--users", users, "--stdin", "ada"], input: Array("12345678\n".utf8))
                .status == 0)
        let server = try #require(
            try await PeerServer.start(.fasti, in: work.appending("dav2"), arguments: ["--htpasswd", users]))
        #expect(try await exchange("PROPFIND", server.url + "/").status == 401)
        #expect(
            try await exchange("PROPFIND", server.url + "/", headers: ["Depth": "0"], user: "ada:12345678").status
                == 207)
        await server.stop()
    }
}
