import Glibc

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
    package static func == (a: MemberName, b: MemberName) -> Bool {
        a.string.utf8.count == b.string.utf8.count && a.order(to: b) == 0
    }

    package func hash(into hasher: inout Hasher) {
        for byte in string.utf8 { hasher.combine(byte) }
    }
}

extension MemberName: Comparable {
    package static func < (a: MemberName, b: MemberName) -> Bool { a.order(to: b) < 0 }

    /// Below 0 when this comes first, 0 when they are equal.
    private func order(to other: MemberName) -> Int {
        let order = string.utf8.withContiguousStorageIfAvailable { own in
            other.string.utf8.withContiguousStorageIfAvailable { Self.order(own, $0) }
        }
        return (order ?? nil)
            ?? Array(string.utf8).withUnsafeBufferPointer { own in
                Array(other.string.utf8).withUnsafeBufferPointer { Self.order(own, $0) }
            }
    }

    private static func order(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
        let common = min(a.count, b.count)
        if common > 0, let left = a.baseAddress, let right = b.baseAddress {
            let order = memcmp(left, right, common)
            if order != 0 { return Int(order) }
        }
        return a.count - b.count
    }
}

extension MemberName: CustomStringConvertible {
    package var description: String { string }
}
