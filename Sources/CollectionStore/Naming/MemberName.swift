/// The name of a member of a collection: the last segment of its path, percent-decoded.
///
/// Compared byte by byte, as git and file systems do; Swift strings would treat differently composed letters as equal.
package struct MemberName: Sendable {
    package let string: String

    /// Throws `.invalidName` for a name that no member may have (see `NameRules`).
    package init(_ string: String) throws(CollectionStoreError) {
        try NameRules.check(string)
        self.string = string
    }

    /// A name found in a tree, already checked.
    init(unchecked string: String) { self.string = string }

    /// The part after the last dot in lower case; empty when there is none.
    package var fileExtension: String {
        guard let dot = string.utf8.lastIndex(of: UInt8(ascii: ".")) else { return "" }
        return String(string[string.utf8.index(after: dot)...]).lowercased()
    }

    /// By the extension: `text/calendar`, `text/vcard`, or `application/octet-stream`.
    package var contentType: String {
        switch fileExtension {
        case "ics": "text/calendar"
        case "vcf": "text/vcard"
        default: "application/octet-stream"
        }
    }
}

extension MemberName: Hashable {
    package static func == (a: MemberName, b: MemberName) -> Bool { a.string.utf8.elementsEqual(b.string.utf8) }

    package func hash(into hasher: inout Hasher) {
        for byte in string.utf8 { hasher.combine(byte) }
    }
}

extension MemberName: Comparable {
    package static func < (a: MemberName, b: MemberName) -> Bool {
        a.string.utf8.lexicographicallyPrecedes(b.string.utf8)
    }
}

extension MemberName: CustomStringConvertible {
    package var description: String { string }
}
