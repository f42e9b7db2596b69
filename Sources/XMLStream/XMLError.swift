/// Why a document was refused, and where.
package struct XMLError: Error, Sendable {
    package let code: Code
    package let reason: String
    /// Line and column of the place, counted from 1.
    package let line: Int
    package let column: Int

    package init(_ code: Code, _ reason: String, line: Int = 1, column: Int = 1) {
        self.code = code
        self.reason = reason
        self.line = line
        self.column = column
    }

    /// A stable name for the kind of failure. New ones may appear.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let description: String
        private init(_ description: String) { self.description = description }

        /// Not well-formed, wrong encoding included.
        package static let malformed = Code("malformed")
        /// The document ends before its last element does, or is empty.
        package static let truncated = Code("truncated")
        /// A document type declaration: never needed in DAV, and the door to entity attacks.
        package static let doctype = Code("doctype")
        /// More bytes, depth, attributes, names or elements than the limits allow.
        package static let limitExceeded = Code("limit-exceeded")
        /// Well-formed, but not the element that was expected.
        package static let unexpectedElement = Code("unexpected-element")
        /// The parser could not be created.
        package static let outOfMemory = Code("out-of-memory")
    }
}

extension XMLError: Equatable {
    package static func == (a: XMLError, b: XMLError) -> Bool { a.code == b.code }
}

extension XMLError: CustomStringConvertible {
    package var description: String { "\(reason) (line \(line), column \(column))" }
}

/// Bounds on one document. Every bound is inclusive.
package struct XMLLimits: Sendable {
    package var bytes: Int
    package var depth: Int
    package var attributesPerElement: Int
    /// Distinct element and attribute names.
    package var names: Int
    /// Elements in total; only trees count them.
    package var elements: Int

    package init(bytes: Int, depth: Int, attributesPerElement: Int, names: Int, elements: Int) {
        self.bytes = bytes
        self.depth = depth
        self.attributesPerElement = attributesPerElement
        self.names = names
        self.elements = elements
    }

    /// For request bodies: 8 MiB holds a multiget of 100,000 hrefs.
    package static let request = XMLLimits(
        bytes: 8 << 20, depth: 64, attributesPerElement: 64, names: 4_096, elements: 200_000)
    /// For answers of servers, which may list a whole collection with its data.
    package static let response = XMLLimits(
        bytes: 4 << 30, depth: 64, attributesPerElement: 64, names: 4_096, elements: .max)
}
