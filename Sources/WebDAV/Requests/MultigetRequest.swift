import HTTPTypes
package import XMLStream

/// The body of calendar-multiget (RFC 4791, 9.10) or addressbook-multiget (RFC 6352, 10.8).
package struct MultigetRequest: Hashable, Sendable {
    package let selection: PropertySelection
    /// As written by the client, in its order.
    package let hrefs: [String]

    package init(_ root: XMLElement) throws(DAVError) {
        selection = try PropertySelection(in: root) ?? .listed([])
        hrefs = root.hrefs
        guard !hrefs.isEmpty else {
            throw DAVError(.badRequest, "The multiget names no href.")
        }
    }
}
