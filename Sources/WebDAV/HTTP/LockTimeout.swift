/// How long a lock shall last (RFC 4918, 10.7 and 14.29).
package enum LockTimeout: Hashable, Sendable {
    case seconds(Int)
    case infinite

    /// The first wish of a `Timeout` header that can be read; nil when there is none.
    package init?(header text: String?) {
        for wish in (text ?? "").split(separator: ",") {
            let word = wish.filter { $0 != " " && $0 != "\t" }.lowercased()
            if word == "infinite" {
                self = .infinite
                return
            }
            // RFC 4918 bounds the number at 2^32 - 1.
            if word.hasPrefix("second-"), let seconds = UInt32(word.dropFirst("second-".count)) {
                self = .seconds(Int(seconds))
                return
            }
        }
        return nil
    }

    /// As it stands in `DAV:timeout`.
    package static func text(_ seconds: Int) -> String { "Second-\(seconds)" }
}
