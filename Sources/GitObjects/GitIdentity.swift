import Glibc

/// Under which name the server commits, by git's own rules: `GIT_*` variables, then `user.name` and `user.email` of the
/// repository, of the account, of the machine; else `fasti` at this host.
package struct GitIdentity: Sendable {
    package let name: String
    package let email: String

    package init(name: String, email: String) {
        self.name = name
        self.email = email
    }

    /// `role` is `AUTHOR` or `COMMITTER`. `configs` in the order of precedence.
    package init(role: String, configs: [GitConfig], environment: [String: String]) {
        func first(_ values: String?...) -> String? { values.compactMap { $0 }.first { !$0.isEmpty } }
        func configured(_ key: String) -> String? {
            configs.lazy.compactMap { first($0[role.lowercased(), key], $0["user", key]) }.first
        }
        name = first(environment["GIT_\(role)_NAME"], configured("name")) ?? "fasti"
        email =
            first(environment["GIT_\(role)_EMAIL"], configured("email"), environment["EMAIL"])
            ?? "fasti@\(Self.hostName)"
    }

    /// The variables of this process that matter here.
    package static func processEnvironment() -> [String: String] {
        let names = [
            "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL", "HOME",
            "XDG_CONFIG_HOME",
        ]
        var environment: [String: String] = [:]
        for name in names { environment[name] = getenv(name).map { String(cString: $0) } }
        return environment
    }

    /// The account's and the machine's configuration, in the order of precedence.
    package static func userConfigs(environment: [String: String]) -> [GitConfig] {
        var paths: [String] = []
        if let home = environment["HOME"], !home.isEmpty { paths.append(home + "/.gitconfig") }
        if let base = environment["XDG_CONFIG_HOME"], !base.isEmpty {
            paths.append(base + "/git/config")
        } else if let home = environment["HOME"], !home.isEmpty {
            paths.append(home + "/.config/git/config")
        }
        paths.append("/etc/gitconfig")
        return paths.compactMap { path in
            // A configuration that cannot be read is as good as none: the server must be able to commit.
            (try? FileSystem.readIfPresent(path, limit: 1 << 20))?.map { GitConfig(parsing: $0) }
        }
    }

    private static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return name.isEmpty ? "localhost" : name
    }

    package func signature(at time: Int64) -> Signature { Signature(name: name, email: email, time: time) }
}
