import HTTPTypes

/// Whether COPY and MOVE may replace what is there (RFC 4918, 10.6).
package enum Overwrite: Sendable {
    case allowed
    case forbidden

    /// - Parameter text: nil when the field is missing, which means `T`.
    package init(header text: String?) throws(DAVError) {
        switch text?.uppercased() {
        case nil, "T": self = .allowed
        case "F": self = .forbidden
        default: throw DAVError(.badRequest, "The Overwrite header is neither T nor F.")
        }
    }
}
