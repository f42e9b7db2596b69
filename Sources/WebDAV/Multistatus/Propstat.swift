package import HTTPTypes
package import XMLStream

/// Properties of one resource that share a status (RFC 4918, 14.22).
package struct Propstat: Hashable, Sendable {
    package var status: HTTPResponse.Status
    package var properties: [XMLElement]
    /// The content of `DAV:error`, if any.
    package var error: XMLElement?
    package var description: String?

    package init(
        status: HTTPResponse.Status, properties: [XMLElement], error: XMLElement? = nil, description: String? = nil
    ) {
        self.status = status
        self.properties = properties
        self.error = error
        self.description = description
    }
}
