package import Foundation

/// Where the tests find what they talk to. `make test` sets these; a test whose peer is absent says so and skips.
package enum PeerEnvironment {
    /// A Python with the programs of Tests/Peers/requirements.txt beside it.
    package static var python: String? {
        variable("FASTI_TEST_PYTHON").flatMap { FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil }
    }

    /// The folder into which scripts/setup has unpacked Cyrus IMAP.
    package static var cyrus: String? {
        let cache =
            variable("FASTI_BUILD_CACHE") ?? variable("XDG_CACHE_HOME").map { $0 + "/fasti" }
            ?? variable("HOME").map { $0 + "/.cache/fasti" }
        return cache.map { $0 + "/cyrus" }.flatMap {
            FileManager.default.fileExists(atPath: $0 + "/.complete") ? $0 : nil
        }
    }

    /// The folder with specifications, fixtures and tools that lies beside the checkout on the authors' machines.
    package static var shared: URL? {
        let folder = variable("FASTI_SHARED").map { URL(filePath: $0) } ?? packageRoot.appending(path: "../shared")
        return FileManager.default.fileExists(atPath: folder.appending(path: "fixtures").path) ? folder : nil
    }

    /// The program under test: beside the test bundle, where SwiftPM puts it.
    package static var fasti: String? {
        let beside = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "fasti").path
        return [variable("FASTI_BINARY"), beside].compactMap { $0 }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    package static var packageRoot: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .standardizedFileURL
    }

    /// A program installed beside the test Python, e.g. `vdirsyncer`.
    package static func pythonProgram(_ name: String) -> String? {
        guard let python else { return nil }
        let path = URL(filePath: python).deletingLastPathComponent().appending(path: name).path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }

    private static func variable(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// A new folder under the system's temporary one, removed when the value is released.
package final class TemporaryFolder: Sendable {
    package let url: URL
    package var path: String { url.path }

    package init(_ purpose: String = "fasti-test") throws {
        url = FileManager.default.temporaryDirectory.appending(path: "\(purpose)-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    package func appending(_ path: String) -> String { url.appending(path: path).path }

    deinit { try? FileManager.default.removeItem(at: url) }
}
