import ConnectorKit
import DAVClient
import DAVConnector
import Foundation
import PeerPrograms
import Testing

/// Logins at a real provider (Authlib), from the first consent to the revocation; the number is that of connectors.md.
@Suite(.serialized) struct OAuthTests {
    private struct Scene {
        let process: PeerProcess
        let port: Int
        let folder: TemporaryFolder
        var url: String { "http://127.0.0.1:\(port)" }

        /// nil where the provider's library is not installed.
        static func start(lifetime: Int = 3_600) async throws -> Scene? {
            guard let python = PeerEnvironment.python else { return nil }
            let script = PeerEnvironment.packageRoot.appending(path: "Tests/Peers/oauth_provider.py").path
            let port = try PeerServer.freePort()
            let process = try PeerProcess(python, [script, "\(port)", "\(lifetime)"])
            for _ in 0..<600 where process.isRunning {
                if let answer = try? await exchange("GET", "http://127.0.0.1:\(port)/log"), answer.status == 200 {
                    return Scene(process: process, port: port, folder: try TemporaryFolder())
                }
                try await Task.sleep(for: .milliseconds(50))
            }
            guard process.output.contains("ModuleNotFoundError") else { throw PeerError(reason: process.output) }
            print("Authlib and Flask are not installed here: run make test")
            return nil
        }

        var configuration: ConnectorConfiguration {
            ConnectorConfiguration(
                location: Location("caldav+http://127.0.0.1:\(port)/dav/"),
                options: [
                    "username": "anna@example.org", "token_url": "\(url)/token", "auth_url": "\(url)/authorize",
                    "device_url": "\(url)/device", "client_id": "fasti-test", "client_secret": "not-so-secret",
                    "service_scope": "calendar",
                ], stateDirectory: folder.appending("accounts"))
        }

        func login() throws -> (OAuthLogin, HTTPTransport) {
            let transport = HTTPTransport()
            return (try OAuthLogin(configuration, transport: transport), transport)
        }

        func logInWithBrowser(_ suffix: String = "") async throws {
            let (login, transport) = try login()
            do {
                try await login.inBrowser { address in Task { try await Self.open(address + suffix) } }
            } catch {
                await transport.shutdown()
                throw error
            }
            await transport.shutdown()
        }

        /// What a browser does when its user agrees at once.
        static func open(_ address: String) async throws {
            let answer = try await exchange("GET", address)
            if let location = answer.header("Location") { _ = try await exchange("GET", location) }
        }

        func backUp() async throws -> Snapshot {
            let importer = try await ConnectorRegistry([DAVIntegration.integration]).importer(configuration)
            do {
                let snapshot = try await DAVConnectorTests.backUp(importer)
                await importer.close()
                return snapshot
            } catch {
                await importer.close()
                throw error
            }
        }

        func log() async throws -> [String] {
            try JSONDecoder().decode([String].self, from: Data(try await exchange("GET", "\(url)/log").body))
        }

        func control(_ command: String) async throws { _ = try await exchange("GET", "\(url)/control?\(command)=1") }

        var tokenFiles: [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: folder.appending("accounts"))) ?? [])
                .filter { $0.hasSuffix(".json") }.map { folder.appending("accounts/\($0)") }
        }
    }

    @Test func point31_consentInABrowserThenRefreshRotationAndRevocation() async throws {
        guard let scene = try await Scene.start() else { return }
        let before = try await #require(throws: ConnectorError.self) { try await scene.backUp() }
        #expect(before.code == .authentication && before.advice?.contains("source login") == true)

        try await scene.logInWithBrowser()
        let file = try #require(scene.tokenFiles.first)
        #expect(scene.tokenFiles.count == 1)
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let first = try await scene.backUp()
        #expect(first.isComplete && first.objects.count == 1)
        #expect(try await scene.log() == ["code"])

        // The provider takes the access token back: a new one comes by itself, and the new refresh token is kept.
        let old = try String(contentsOfFile: file, encoding: .utf8)
        try await scene.control("expire")
        #expect(try await scene.backUp().objects == first.objects)
        let new = try String(contentsOfFile: file, encoding: .utf8)
        #expect(new != old)
        try await scene.control("expire")
        #expect(try await scene.backUp().objects == first.objects)
        #expect(try await scene.log() == ["code", "refresh", "refresh"])

        try await scene.control("revoke")
        let error = try await #require(throws: ConnectorError.self) { try await scene.backUp() }
        #expect(error.code == .authentication)
        #expect(error.reason.contains("revoked") && error.advice?.contains("source login") == true)
        #expect(!"\(error)".contains("not-so-secret"))
        try await scene.logInWithBrowser()
        #expect(try await scene.backUp().objects == first.objects)
        await scene.process.stop()
    }

    @Test func point31_severalProcessesUseARefreshTokenOnce() async throws {
        // Every token is as good as expired, so that each backup needs a new one.
        guard let scene = try await Scene.start(lifetime: 61) else { return }
        try await scene.logInWithBrowser()
        try await scene.control("expire")
        try await withThrowingTaskGroup(of: Snapshot.self) { group in
            for _ in 0..<4 { group.addTask { try await scene.backUp() } }
            for try await snapshot in group { #expect(snapshot.objects.count == 1) }
        }
        let log = try await scene.log()
        #expect(!log.contains("reuse"))
        await scene.process.stop()
    }

    @Test func point31_aCodeForAnotherDevice() async throws {
        guard let scene = try await Scene.start() else { return }
        let (login, transport) = try scene.login()
        try await login.onOtherDevice { address, code, _ in
            Task {
                try await Task.sleep(for: .milliseconds(1_500))
                _ = try await exchange("GET", "\(address)?user_code=\(code)")
            }
        }
        #expect(try await scene.backUp().objects.count == 1)
        await transport.shutdown()

        let (second, secondTransport) = try scene.login()
        let refusal = try await #require(throws: ConnectorError.self) {
            try await second.onOtherDevice { address, code, _ in
                Task { _ = try await exchange("GET", "\(address)?user_code=\(code)&deny=1") }
            }
        }
        #expect(refusal.code == .authentication && refusal.reason.contains("declined"))
        await secondTransport.shutdown()
        await scene.process.stop()
    }

    @Test func point31_refusalAndForeignAnswersEndTheLogin() async throws {
        guard let scene = try await Scene.start() else { return }
        let refusal = try await #require(throws: ConnectorError.self) { try await scene.logInWithBrowser("&deny=1") }
        #expect(refusal.code == .authentication && refusal.reason.contains("declined"))

        // Somebody else's page sends the browser to us, with a code of his own.
        let (login, transport) = try scene.login()
        let error = try await #require(throws: ConnectorError.self) {
            try await login.inBrowser { address in
                let redirect = try #require(
                    URLComponents(string: address)?.queryItems?.first { $0.name == "redirect_uri" }?.value)
                Task { _ = try await exchange("GET", "\(redirect)?code=stolen&state=guessed") }
            }
        }
        #expect(error.code == .protocolViolation)
        #expect(scene.tokenFiles.isEmpty)
        try await login.byHand { address in
            let code = try #require(URLComponents(string: address))
            #expect(code.queryItems?.contains { $0.name == "code_challenge_method" && $0.value == "S256" } == true)
            // The person copies the address that the browser could not open.
            return try Self.location(of: address)
        }
        #expect(try await scene.backUp().objects.count == 1)
        await transport.shutdown()
        await scene.process.stop()
    }

    private static func location(of address: String) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/curl")
        process.arguments = ["-s", "-o", "/dev/null", "-w", "%{redirect_url}", address]
        process.standardOutput = output
        try process.run()
        process.waitUntilExit()
        return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }

    @Test func point32_loginMistakesAreOrdinaryErrors() throws {
        for (options, word) in [
            (["name": "google", "username": "anna@gmail.com"], "client_id"),
            (["name": "apple", "username": "anna@icloud.com"], "Apple"), (["name": "yahoo"], "yahoo"),
            (["client_id": "x"], "token_url"), (["token_url": "nowhere", "client_id": "x"], "token_url"),
        ] as [([String: String], String)] {
            let error = try #require(throws: ConnectorError.self) { try settings("caldav://h", options, .source) }
            #expect(error.code == .invalidConfiguration && error.reason.contains(word), "\(error)")
        }
        let google = ["name": "google", "username": "anna@gmail.com", "client_id": "x"]
        let found = try settings("caldav://anything", google, .source)
        #expect(found.base.description == "https://apidata.googleusercontent.com/caldav/v2/anna@gmail.com/user/")
        #expect(found.kinds == [.calendar])
    }
}
