/// Where a source, destination or store is, as a person writes it: `scheme:rest`, `scheme://rest`, or a plain path.
///
/// A scheme has at least two characters, so that `C:\x` is a path (packages, section 7). Without a scheme it is `fs`.
public struct Location: Hashable, Sendable {
    /// Lower case.
    public let scheme: String
    /// Everything after `scheme:` and an optional `//`, as given.
    public let rest: String

    public init(scheme: String, rest: String) {
        self.scheme = scheme.lowercased()
        self.rest = rest
    }

    public init(_ text: String) {
        if let colon = text.firstIndex(of: ":") {
            let scheme = text[..<colon]
            if scheme.utf8.count >= 2, scheme.utf8.allSatisfy(Location.isSchemeCharacter) {
                let rest = text[text.index(after: colon)...]
                self.init(scheme: String(scheme), rest: String(rest.hasPrefix("//") ? rest.dropFirst(2) : rest))
                return
            }
        }
        self.init(scheme: "fs", rest: text)
    }

    private static func isSchemeCharacter(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

extension Location: CustomStringConvertible {
    /// The normal form that connectors get, `scheme://rest`; a file system path stands alone.
    public var description: String { scheme == "fs" ? rest : "\(scheme)://\(rest)" }
}
