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
        let deadline = ContinuousClock.now + .seconds(20)
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
}
