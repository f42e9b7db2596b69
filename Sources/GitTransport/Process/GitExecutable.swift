import Glibc

/// The program `git` of this machine. The server needs it for what goes to git programs, not for its own work.
package struct GitExecutable: Sendable {
    package let path: String

    /// Looks for it in the folders of `searchPath`, as a shell does.
    /// - Returns: nil when there is none.
    package static func find(in searchPath: String) -> GitExecutable? {
        for folder in searchPath.split(separator: ":") where folder.hasPrefix("/") {
            let path = "\(folder)/git"
            if access(path, X_OK) == 0 { return GitExecutable(path: path) }
        }
        return nil
    }

    /// Nothing of the account or of the machine has a say in what git does here, and nothing of a repository may start
    /// a program.
    var environment: [String] {
        let folder = path.dropLast("/git".utf8.count)
        return [
            "PATH=\(folder):/usr/local/bin:/usr/bin:/bin", "HOME=/nonexistent", "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1",
            "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0", "GIT_NO_REPLACE_OBJECTS=1", "GIT_OPTIONAL_LOCKS=0",
            "GIT_ATTR_NOSYSTEM=1",
        ]
    }

    /// For every call.
    static let settings: [(String, String)] = [
        ("safe.directory", "*"), ("core.hooksPath", "/dev/null"), ("core.fsmonitor", "false"),
        ("core.fsync", "committed"), ("core.fsyncMethod", "fsync"), ("core.bigFileThreshold", "16m"),
        ("gc.auto", "0"), ("maintenance.auto", "false"), ("pack.threads", "1"), ("pack.windowMemory", "64m"),
        ("transfer.hideRefs", "refs"), ("transfer.hideRefs", "!refs/heads"), ("transfer.hideRefs", "!refs/tags"),
        ("uploadpack.allowFilter", "true"), ("lsrefs.unborn", "advertise"),
    ]
}
