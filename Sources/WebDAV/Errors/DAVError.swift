package import HTTPTypes
package import XMLStream

/// An answer that is not what the client hoped for: a status, the condition that failed where an RFC names one, and a
/// sentence for a person.
package struct DAVError: Error, Sendable {
    package var status: HTTPResponse.Status
    /// The element that stands in `DAV:error` (RFC 4918, 16), with what it holds.
    package var condition: XMLElement?
    /// What was wrong and what to do, for a person. Never holds secrets.
    package var reason: String
    /// Fields that go with the status, such as `Allow`.
    package var headers: HTTPFields

    package init(
        _ status: HTTPResponse.Status, _ reason: String, condition: XMLElement? = nil, headers: HTTPFields = [:]
    ) {
        self.status = status
        self.condition = condition
        self.reason = reason
        self.headers = headers
    }

    /// A condition that holds nothing but its name.
    package init(_ status: HTTPResponse.Status, _ condition: XMLName, _ reason: String) {
        self.init(status, reason, condition: XMLElement(condition))
    }

    /// The body: `DAV:error` with the condition first and the sentence in `DAV:responsedescription`.
    package var body: [UInt8] {
        var writer = XMLWriter(prefixes: DAVNamespace.prefixes)
        writer.declaration()
        writer.element(.error) { writer in
            if let condition { writer.element(condition) }
            writer.element(.responsedescription, text: reason)
        }
        return writer.bytes
    }
}

extension DAVError: Equatable {
    /// Errors are equal when status and condition are; reasons are for people.
    package static func == (a: DAVError, b: DAVError) -> Bool {
        a.status == b.status && a.condition == b.condition
    }
}

extension DAVError: CustomStringConvertible {
    package var description: String {
        "\(status.code)\(condition.map { " \($0.name)" } ?? ""): \(reason)"
    }
}

extension DAVError {
    /// A request body that is not the XML it should be: 400, or 403 where RFC 4918 names a condition.
    package init(_ error: XMLError) {
        switch error.code {
        case .doctype: self.init(.forbidden, .noExternalEntities, error.description)
        case .limitExceeded: self.init(.contentTooLarge, error.description)
        case .outOfMemory: self.init(.insufficientStorage, error.description)
        default: self.init(.badRequest, error.description)
        }
    }
}
