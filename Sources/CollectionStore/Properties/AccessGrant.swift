/// What the owner of a collection lets somebody else do with it (RFC 3744). Nested collections inherit it.
package struct AccessGrant: Hashable, Sendable {
    /// Whom: a principal's path, or everybody who has logged in.
    package enum Grantee: Hashable, Sendable {
        case principal(CollectionPath)
        case authenticated
    }

    /// Each includes what the ones before it allow.
    package enum Level: String, Hashable, Sendable, CaseIterable, Comparable {
        case freeBusy = "free-busy"
        case read
        case write

        package static func < (a: Level, b: Level) -> Bool { a.rank < b.rank }

        private var rank: Int {
            switch self {
            case .freeBusy: 0
            case .read: 1
            case .write: 2
            }
        }
    }

    package let grantee: Grantee
    package let level: Level

    package init(_ grantee: Grantee, _ level: Level) {
        self.grantee = grantee
        self.level = level
    }
}

extension AccessGrant {
    private static let everybody = "authenticated"

    /// As the metadata file has it: `read /anna/`.
    init?(text: String) {
        let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
        guard parts.count == 2, let level = Level(rawValue: parts[0]) else { return nil }
        if parts[1] == Self.everybody {
            self.init(.authenticated, level)
        } else if parts[1].hasPrefix("/"), let path = try? CollectionPath(parts[1]) {
            self.init(.principal(path), level)
        } else {
            return nil
        }
    }

    var text: String {
        switch grantee {
        case .principal(let path): "\(level.rawValue) \(path)/"
        case .authenticated: "\(level.rawValue) \(Self.everybody)"
        }
    }
}
