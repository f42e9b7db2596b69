/// What names of members and collections may be: safe as a file name, as a git tree entry and as a path segment.
enum NameRules {
    static let maximumByteCount = 255

    static func check(_ name: String) throws(CollectionStoreError) {
        func refuse(_ why: String) -> CollectionStoreError {
            CollectionStoreError(.invalidName, "The name \(quoted(name)) cannot be used: \(why).")
        }
        let bytes = name.utf8
        if bytes.isEmpty { throw refuse("it is empty") }
        if bytes.count > maximumByteCount { throw refuse("it is longer than \(maximumByteCount) bytes") }
        if name == "." || name == ".." { throw refuse("it means another directory") }
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "/"), UInt8(ascii: "\\"): throw refuse("it contains a path separator")
            case 0..<0x20, 0x7F: throw refuse("it contains a control character")
            default: break
            }
        }
        if isReserved(name) { throw refuse("it is reserved for the repository") }
    }

    /// Names that git, or git on a case-insensitive file system, takes for its own (what `git fsck --strict` refuses and
    /// `.gitattributes`, `.gitignore`, `.gitmodules`), and the names where collection metadata is kept.
    static func isReserved(_ name: String) -> Bool {
        var folded = ""
        for scalar in name.unicodeScalars where !isIgnoredByHFS(scalar) { folded.unicodeScalars.append(scalar) }
        folded = folded.lowercased()
        return folded.hasPrefix(".git") || folded.hasPrefix("git~") || folded == ".xandikos"
            || folded.hasPrefix(temporaryPrefix)
    }

    /// Names we give to what is being created or removed; never served.
    static let temporaryPrefix = ".fasti-"

    /// Code points that the Mac's HFS+ leaves out when it compares names.
    private static func isIgnoredByHFS(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x200C...0x200F, 0x202A...0x202E, 0x206A...0x206F, 0xFEFF: true
        default: false
        }
    }

    /// A name shortened and made printable for an error.
    static func quoted(_ name: String) -> String {
        let shown = String(String.UnicodeScalarView(name.unicodeScalars.prefix(60))).debugDescription
        return name.unicodeScalars.count > 60 ? shown + "..." : shown
    }
}
