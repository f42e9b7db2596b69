package import XMLStream

/// The body of addressbook-query (RFC 6352, 10.3).
package struct AddressbookQueryRequest: Hashable, Sendable {
    package let selection: PropertySelection
    package let filter: AddressbookFilter
    /// The most cards the client wants.
    package let limit: Int?

    package init(_ root: XMLElement) throws(DAVError) {
        selection = try PropertySelection(in: root) ?? .listed([])
        filter = try AddressbookFilter(root.required(.carddavFilter))
        limit = try root.first(.carddavLimit).map { (limit) throws(DAVError) in try limit.count(.carddavNresults) }
    }
}
