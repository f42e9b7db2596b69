import HTTPTypes

/// How far below its target a request reaches (RFC 4918, 10.2).
package enum Depth: String, Sendable {
    case zero = "0"
    case one = "1"
    case infinity = "infinity"

    /// Reads the header's value.
    /// - Parameter text: nil when the field is missing, which gives `fallback`.
    /// - Throws: 400 for anything but `0`, `1` and `infinity`.
    package init(header text: String?, default fallback: Depth) throws(DAVError) {
        guard let text else {
            self = fallback
            return
        }
        guard let depth = Depth(rawValue: text.lowercased()) else {
            throw DAVError(.badRequest, "The Depth header is neither 0, 1 nor infinity.")
        }
        self = depth
    }
}
