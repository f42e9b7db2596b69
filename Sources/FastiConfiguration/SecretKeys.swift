/// Which keys hold secrets, and how things are shown without them.
package enum SecretKeys {
    private static let names: Set<String> = [
        "access_key", "secret_access_key", "passphrase", "password", "pass", "private_key", "token", "client_id",
        "client_secret", "auth_token",
    ]

    /// What stands in for a secret wherever something is shown.
    package static let mask = "********"

    /// Whether the value of this key is a secret: one of a fixed list, or ending in `_` and one of them.
    package static func contains(_ key: String) -> Bool {
        let key = key.lowercased()
        if names.contains(key) { return true }
        return names.contains { key.hasSuffix("_\($0)") }
    }

    /// The value of a key as it may be shown.
    package static func shown(_ value: String, of key: String) -> String {
        if contains(key) { return mask }
        return key == "location" ? redacted(location: value) : value
    }

    /// A location without the password in it: `scheme://user:password@host` keeps only the user.
    package static func redacted(location: String) -> String {
        guard let scheme = location.range(of: "://") else { return location }
        let rest = location[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else {
            // A location may itself begin with a scheme, as in `caldav://https://user:password@host`.
            guard rest.contains("://") else { return location }
            return location[..<scheme.upperBound] + redacted(location: String(rest))
        }
        return location[...colon] + mask + location[at...]
    }

    /// A command line that may be recorded or logged: the values of secret keys and passwords in locations are
    /// masked, whatever option they were given with.
    package static func redacted(arguments: [String]) -> [String] {
        arguments.map { argument in
            guard let equals = argument.firstIndex(of: "=") else { return redacted(location: argument) }
            var key = argument[..<equals]
            var value = argument[argument.index(after: equals)...]
            if key.hasPrefix("-"), let second = value.firstIndex(of: "=") {
                // -o=KEY=VALUE
                key = value[..<second]
                value = value[value.index(after: second)...]
            }
            let name = String(key.drop { $0 == "-" })
            return argument[..<value.startIndex] + (contains(name) ? mask : redacted(location: String(value)))
        }
    }
}

extension String {
    /// The first occurrence of `other`; the standard library has this only for collections in newer systems.
    fileprivate func range(of other: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
            start = index(after: start)
        }
        return nil
    }
}
