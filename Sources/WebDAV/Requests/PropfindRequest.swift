import HTTPTypes
import XMLStream

/// The body of PROPFIND (RFC 4918, 14.20).
package struct PropfindRequest: Hashable, Sendable {
    package let selection: PropertySelection

    /// An empty body asks for all properties (RFC 4918, 9.1).
    package init(parsing body: [UInt8]) throws(DAVError) {
        guard !body.isEmpty else {
            selection = .all(including: [])
            return
        }
        let root = try RequestBody.parse(body, root: .propfind)
        guard let selection = try PropertySelection(in: root) else {
            throw DAVError(.badRequest, "The propfind has none of prop, allprop and propname.")
        }
        self.selection = selection
    }
}
