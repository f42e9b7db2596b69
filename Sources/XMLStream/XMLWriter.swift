/// Writes a document as bytes, without a tree: elements are opened and closed, text is escaped.
///
/// The prefixes given at the start are declared on the first element; any other namespace is declared on each element
/// that needs it. A carriage return is written as `&#13;`, because a parser turns a bare one into a line feed and
/// calendar data would come out changed.
package struct XMLWriter: Sendable {
    /// A namespace with the prefix it gets in the output.
    package struct Prefix: Hashable, Sendable {
        package let prefix: String
        package let namespace: String

        package init(_ prefix: String, _ namespace: String) {
            self.prefix = prefix
            self.namespace = namespace
        }
    }

    /// What has been written since the start or the last `take()`.
    package private(set) var bytes: [UInt8] = []
    private let prefixes: [Prefix]
    private var open: [XMLName] = []
    private var isStarted = false

    package init(prefixes: [Prefix]) { self.prefixes = prefixes }

    /// Names of the elements that are open, outermost first.
    package var depth: Int { open.count }

    /// Gives what has been written and forgets it: for streaming.
    package mutating func take() -> [UInt8] {
        let result = bytes
        bytes = []
        return result
    }

    package mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }

    /// The XML declaration.
    package mutating func declaration() {
        append("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n")
    }

    // MARK: Elements

    package mutating func start(_ name: XMLName, attributes: [XMLAttribute] = []) {
        tag(name, attributes)
        append(">")
        open.append(name)
    }

    package mutating func end() {
        guard let name = open.popLast() else { return }
        append("</")
        appendName(name)
        append(">")
    }

    /// An element without content.
    package mutating func empty(_ name: XMLName, attributes: [XMLAttribute] = []) {
        tag(name, attributes)
        append("/>")
    }

    /// An element that holds text.
    package mutating func element(_ name: XMLName, text: String, attributes: [XMLAttribute] = []) {
        guard !text.isEmpty else { return empty(name, attributes: attributes) }
        start(name, attributes: attributes)
        self.text(text)
        end()
    }

    /// An element that holds what the closure writes.
    package mutating func element(
        _ name: XMLName, attributes: [XMLAttribute] = [], _ content: (inout XMLWriter) throws -> Void
    ) rethrows {
        start(name, attributes: attributes)
        try content(&self)
        end()
    }

    /// A whole tree.
    package mutating func element(_ element: XMLElement) {
        guard !element.children.isEmpty else { return empty(element.name, attributes: element.attributes) }
        start(element.name, attributes: element.attributes)
        for child in element.children {
            switch child {
            case .element(let element): self.element(element)
            case .text(let text): self.text(text)
            }
        }
        end()
    }

    // MARK: Text

    package mutating func text(_ text: String) {
        var text = text
        _ = text.withUTF8 { appendEscaped($0, inAttribute: false) }
    }

    /// UTF-8 text. What XML cannot carry (control characters, broken UTF-8) becomes U+FFFD.
    package mutating func text(_ text: [UInt8]) {
        _ = text.withUnsafeBufferPointer { appendEscaped($0, inAttribute: false) }
    }

    /// Text that is known to need no escape, such as a percent-encoded path without `&`.
    package mutating func verbatim(_ text: String) { append(text) }

    /// For parts that were prepared by a writer with the same prefixes, and text that needs no escape: the bytes written so
    /// far, to append to.
    package mutating func append(_ body: (inout [UInt8]) -> Void) { body(&bytes) }

    // MARK: Pieces

    private mutating func tag(_ name: XMLName, _ attributes: [XMLAttribute]) {
        append("<")
        let prefix = appendName(name)
        if !isStarted {
            isStarted = true
            for known in prefixes { declare(known.prefix, known.namespace) }
        }
        if prefix == nil, !name.namespace.isEmpty { declare("x", name.namespace) }
        var extra = 0
        for attribute in attributes {
            append(" ")
            if attribute.name.namespace == XMLName.xmlLang.namespace {
                append("xml:")
            } else if !attribute.name.namespace.isEmpty {
                if let known = prefixes.first(where: { $0.namespace == attribute.name.namespace }) {
                    append(known.prefix)
                } else {
                    extra += 1
                    append("xmlns:a\(extra)=\"")
                    escapeAttribute(attribute.name.namespace)
                    append("\" a\(extra)")
                }
                append(":")
            }
            append(attribute.name.local)
            append("=\"")
            escapeAttribute(attribute.value)
            append("\"")
        }
    }

    private mutating func declare(_ prefix: String, _ namespace: String) {
        append(" xmlns:")
        append(prefix)
        append("=\"")
        escapeAttribute(namespace)
        append("\"")
    }

    /// Writes the qualified name and returns the prefix if it is one of the declared ones.
    @discardableResult
    private mutating func appendName(_ name: XMLName) -> String? {
        guard !name.namespace.isEmpty else {
            append(name.local)
            return nil
        }
        let known = prefixes.first { $0.namespace == name.namespace }
        append(known?.prefix ?? "x")
        bytes.append(UInt8(ascii: ":"))
        append(name.local)
        return known?.prefix
    }

    /// Bytes that need no escape.
    mutating func appendRaw(_ raw: UnsafeBufferPointer<UInt8>) { bytes.append(contentsOf: raw) }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func escapeAttribute(_ text: String) {
        var text = text
        _ = text.withUTF8 { appendEscaped($0, inAttribute: true) }
    }
}
