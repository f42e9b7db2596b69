/// An element with its content: for request bodies and property values, which are small.
package struct XMLElement: Hashable, Sendable {
    package var name: XMLName
    package var attributes: [XMLAttribute]
    package var children: [XMLNode]

    package init(_ name: XMLName, attributes: [XMLAttribute] = [], children: [XMLNode] = []) {
        self.name = name
        self.attributes = attributes
        self.children = children
    }

    /// An element that holds text only.
    package init(_ name: XMLName, text: String) {
        self.init(name, children: text.isEmpty ? [] : [.text(text)])
    }

    /// An element that holds elements only.
    package init(_ name: XMLName, _ elements: [XMLElement]) {
        self.init(name, children: elements.map(XMLNode.element))
    }

    /// The child elements; text between them is white space in all of DAV's vocabularies.
    package var elements: [XMLElement] {
        children.compactMap { if case .element(let element) = $0 { element } else { nil } }
    }

    /// The first child element of that name.
    package func first(_ name: XMLName) -> XMLElement? {
        for case .element(let element) in children where element.name == name { return element }
        return nil
    }

    package func all(_ name: XMLName) -> [XMLElement] {
        elements.filter { $0.name == name }
    }

    /// The character data directly inside, joined.
    package var text: String {
        if children.count == 1, case .text(let text) = children[0] { return text }
        return children.reduce(into: "") { if case .text(let text) = $1 { $0 += text } }
    }

    /// `text` without white space at both ends: for hrefs, tokens, numbers.
    package var trimmedText: String { String(decoding: Self.trimmed(Array(text.utf8)[...]), as: UTF8.self) }

    /// Character data without white space at both ends.
    package static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
        guard let start = text.firstIndex(where: { !isSpace($0) }), let last = text.lastIndex(where: { !isSpace($0) })
        else { return [] }
        return text[start...last]
    }

    /// The value of an attribute in no namespace.
    package func attribute(_ local: String) -> String? {
        attributes.first { $0.name.local == local && $0.name.namespace.isEmpty }?.value
    }

    /// `xml:lang` of this element itself.
    package var language: String? { attributes.first { $0.name == .xmlLang }?.value }
}

/// What an element may hold.
package enum XMLNode: Hashable, Sendable {
    case element(XMLElement)
    case text(String)
}

extension XMLElement {
    /// Parses a whole document into a tree.
    package init(parsing bytes: [UInt8], limits: XMLLimits = .request) throws(XMLError) {
        let builder: XMLTreeBuilder
        do {
            builder = try XMLParser.parse(bytes, limits: limits, handler: XMLTreeBuilder(limits: limits))
        } catch let error as XMLError {
            throw error
        } catch {
            throw XMLError(.malformed, "\(error)")
        }
        guard let root = builder.root else { throw XMLError(.truncated, "The XML document ends too early.") }
        self = root
    }
}

/// Builds one tree from events; feed it to an `XMLParser`, or forward part of a stream to it.
package struct XMLTreeBuilder: XMLEventHandler {
    /// The finished tree, once its element has ended.
    package private(set) var root: XMLElement?
    private var open: [XMLElement] = []
    private var pending: [UInt8] = []
    private var count = 0
    private let limits: XMLLimits

    package init(limits: XMLLimits) { self.limits = limits }

    package mutating func startElement(_ name: XMLName, attributes: [XMLAttribute]) throws {
        count += 1
        guard count <= limits.elements else {
            throw XMLError(.limitExceeded, "The document has more than \(limits.elements) elements.")
        }
        flush()
        open.append(XMLElement(name, attributes: attributes))
    }

    package mutating func endElement(_ name: XMLName) throws {
        flush()
        guard let element = open.popLast() else { return }
        if open.isEmpty {
            root = element
        } else {
            open[open.count - 1].children.append(.element(element))
        }
    }

    package mutating func text(_ text: Span<UInt8>) throws {
        text.withUnsafeBufferPointer { pending.append(contentsOf: $0) }
    }

    private mutating func flush() {
        guard !pending.isEmpty, !open.isEmpty else { return }
        open[open.count - 1].children.append(.text(String(decoding: pending, as: UTF8.self)))
        pending.removeAll(keepingCapacity: true)
    }
}
