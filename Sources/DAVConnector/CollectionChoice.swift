package import DAVClient

/// Which collections of an account a backup takes.
package struct CollectionChoice: Hashable, Sendable {
    /// Patterns with `*` and `?`, compared without regard to case with display name and last segment of the address.
    /// Empty for all.
    package var included: [String] = []
    package var excluded: [String] = []
    /// What belongs to somebody else who shares it.
    package var takesShared = true
    /// Calendars that the server only copies from elsewhere.
    package var takesSubscribed = false
    /// Accounts of others who let us act for them.
    package var takesDelegated = false

    package init() {}

    /// Patterns of ``included`` that fit none of the collections: a name that was mistyped, or a calendar that has got
    /// another one, and whose backup would end without a word.
    package func unused(among collections: [DAVCollection]) -> [String] {
        included.filter { pattern in
            !collections.contains { Self.names(of: $0).contains { Wildcard.matches($0, pattern) } }
        }
    }

    private static func names(of collection: DAVCollection) -> [String] {
        [collection.title, String(decoding: PercentEncoding.decode(collection.url.lastSegment), as: UTF8.self)]
    }

    /// - Returns: why it is left out; nil when it is taken.
    package func reason(toSkip collection: DAVCollection) -> String? {
        let names = Self.names(of: collection)
        func matches(_ patterns: [String]) -> Bool {
            patterns.contains { pattern in names.contains { Wildcard.matches($0, pattern) } }
        }
        if matches(excluded) { return "is excluded" }
        if !included.isEmpty, !matches(included) { return "is not among those included" }
        if collection.isShared, !takesShared { return "is shared by somebody else" }
        return nil
    }
}

/// `*` for any text, `?` for any character.
enum Wildcard {
    static func matches(_ text: String, _ pattern: String) -> Bool {
        let text = Array(text.lowercased())
        let pattern = Array(pattern.lowercased())
        var place = 0
        var index = 0
        // Where to go on when the text after the last star does not fit.
        var star: (place: Int, index: Int)?
        while place < text.count {
            if index < pattern.count, pattern[index] == "*" {
                star = (place, index)
                index += 1
            } else if index < pattern.count, pattern[index] == "?" || pattern[index] == text[place] {
                place += 1
                index += 1
            } else if let last = star {
                star = (last.place + 1, last.index)
                place = last.place + 1
                index = last.index + 1
            } else {
                return false
            }
        }
        return pattern[index...].allSatisfy { $0 == "*" }
    }
}
