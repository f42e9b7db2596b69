import Foundation

/// The real git, the judge of every repository we write. It runs without the configuration of the account.
package struct GitProgram: Sendable {
    package let folder: String

    /// Runs in `folder`, the work tree or a bare repository.
    package init(in folder: String) { self.folder = folder }

    package static let isInstalled = executable != nil
    private static let executable = ["/usr/bin/git", "/usr/local/bin/git", "/bin/git"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    private static let environment = [
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ada", "LC_ALL": "C",
        "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org",
    ]

    /// Standard output. Throws when git fails.
    @discardableResult
    package func callAsFunction(_ arguments: String..., input: [UInt8]? = nil) async throws -> String {
        String(decoding: try await bytes(arguments, input: input), as: UTF8.self)
    }

    package func bytes(_ arguments: [String], input: [UInt8]? = nil) async throws -> [UInt8] {
        guard let executable = Self.executable else { throw PeerError(reason: "git is not installed") }
        let result = try await run(executable, arguments, environment: Self.environment, in: folder, input: input)
        guard result.status == 0 else {
            throw PeerError(
                reason:
                    "git \(arguments.joined(separator: " ")): \(result.status) \(result.standardError)\(result.text)")
        }
        return result.standardOutput
    }

    /// Throws unless `git fsck --strict` has nothing to say but dangling objects.
    package func check() async throws {
        let output = try await self("fsck", "--strict", "--no-dangling", "--full")
        if !output.isEmpty { throw PeerError(reason: "git fsck: \(output)") }
    }
}
