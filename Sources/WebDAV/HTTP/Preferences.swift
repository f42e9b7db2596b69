package import HTTPTypes

/// What the client would like, without insisting (RFC 7240; RFC 8144 for WebDAV).
package struct Preferences: Hashable, Sendable {
    package enum Return: String, Sendable {
        case minimal
        case representation
    }

    package private(set) var `return`: Return?
    /// RFC 8144, 3: leave the target itself out of a PROPFIND answer.
    package private(set) var depthNoRoot = false

    package init() {}

    /// Reads `Prefer`, and `Brief: t` as its predecessor. Unknown preferences are ignored.
    package init(_ headers: HTTPFields) {
        for item in (headers[.prefer] ?? "").split(separator: ",") {
            let token = item.split(separator: ";", omittingEmptySubsequences: false)[0].filter {
                $0 != " " && $0 != "\""
            }
            switch token.lowercased() {
            case "return=minimal", "return-minimal": self.return = self.return ?? .minimal
            case "return=representation", "return-representation": self.return = self.return ?? .representation
            case "depth-noroot": depthNoRoot = true
            default: break
            }
        }
        if self.return == nil, headers[.brief]?.lowercased() == "t" { self.return = .minimal }
    }

    package var isMinimal: Bool { self.return == .minimal }
}
