import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A calendar server of any make, started by a test on a free port of the loopback interface.
package struct PeerServer: Sendable {
    package let kind: Kind
    package let port: Int
    package let process: PeerProcess
    /// Where the server keeps its data.
    package let folder: String

    package enum Kind: String, Sendable, CaseIterable {
        case fasti, xandikos, radicale, cyrus
    }

    /// `http://127.0.0.1:PORT`
    package var url: String { "http://127.0.0.1:\(port)" }
    /// The name that clients log in with; only Radicale and Cyrus ask for one.
    package var userName: String { "user" }
    package var password: String { "pass" }

    /// Starts the server over `folder`, which may hold data of an earlier run.
    ///
    /// - Returns: nil when the program is not installed here.
    package static func start(
        _ kind: Kind, in folder: String, arguments: [String] = [], environment: [String: String] = [:]
    ) async throws -> PeerServer? {
        guard let program = program(kind) else { return nil }
        for attempt in 1...3 {
            let port = try freePort()
            let process = try PeerProcess(
                program, self.arguments(kind, folder: folder, port: port) + arguments, environment: environment)
            let server = PeerServer(kind: kind, port: port, process: process, folder: folder)
            if await server.waitUntilReady() { return server }
            let output = process.output
            await process.stop()
            // Another process may have taken the port in between.
            if attempt == 3 { throw PeerError(reason: "\(kind) did not start: \(output.suffix(2000))") }
        }
        return nil
    }

    @discardableResult
    package func stop(signal: Int32 = SIGTERM) async -> Int32 { await process.stop(signal: signal) }

    private static func program(_ kind: Kind) -> String? {
        switch kind {
        case .fasti: PeerEnvironment.fasti
        case .xandikos: PeerEnvironment.pythonProgram("xandikos")
        case .radicale: PeerEnvironment.pythonProgram("radicale")
        case .cyrus: PeerEnvironment.cyrus == nil ? nil : PeerEnvironment.python
        }
    }

    private static func arguments(_ kind: Kind, folder: String, port: Int) -> [String] {
        switch kind {
        case .fasti: ["serve", "--defaults", "-d", folder, "-l", "127.0.0.1", "--port", String(port)]
        case .xandikos: ["serve", "--defaults", "-d", folder, "-l", "127.0.0.1", "-p", String(port)]
        case .radicale:
            [
                "--config", "", "--server-hosts", "127.0.0.1:\(port)", "--storage-filesystem-folder", folder,
                "--auth-type", "none", "--logging-level", "warning",
            ]
        case .cyrus:
            [
                PeerEnvironment.packageRoot.appending(path: "Tests/Peers/cyrus.py").path, PeerEnvironment.cyrus ?? "",
                String(port),
            ]
        }
    }

    private func waitUntilReady() async -> Bool {
        let deadline = ContinuousClock.now + .seconds(90)
        while ContinuousClock.now < deadline, process.isRunning {
            // Cyrus listens before its account is made.
            if Self.accepts(port), kind != .cyrus || process.output.contains("ready") { return true }
            try? await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    private static func accepts(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return withLoopback(port) { connect(descriptor, $0, $1) == 0 }
    }

    /// A port that nobody listens on at the moment.
    package static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withLoopback(0) { bind(descriptor, $0, $1) == 0 }
        let named = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
        }
        guard bound, named else { throw PeerError(reason: "no free port on the loopback interface") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func withLoopback(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Bool) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}

/// Why a peer could not be used.
package struct PeerError: Error, CustomStringConvertible {
    package let reason: String
    package init(reason: String) { self.reason = reason }
    package var description: String { reason }
}
