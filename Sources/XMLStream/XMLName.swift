/// The expanded name of an element or attribute: namespace and local part (Namespaces in XML 1.0, 2.1).
///
/// The parser hands out one value per distinct name of a document, so that no string is built per element.
/// Known names are static members in per-RFC files of the modules that use them.
package struct XMLName: Hashable, Sendable {
    /// The namespace name, empty for a name in no namespace.
    package let namespace: String
    package let local: String

    package init(_ namespace: String, _ local: String) {
        self.namespace = namespace
        self.local = local
    }

    /// The attribute `xml:lang` (XML 1.0, 2.12).
    package static let xmlLang = XMLName("http://www.w3.org/XML/1998/namespace", "lang")

    package static func == (a: XMLName, b: XMLName) -> Bool {
        // Local parts differ more often than namespaces and are mostly small strings.
        a.local == b.local && a.namespace == b.namespace
    }
}

extension XMLName: CustomStringConvertible {
    /// Clark notation, `{DAV:}prop`, for tests and messages.
    package var description: String { namespace.isEmpty ? local : "{\(namespace)}\(local)" }

    /// Reads Clark notation; nil when the local part is missing.
    package init?(clark text: String) {
        guard text.hasPrefix("{") else {
            guard !text.isEmpty, !text.contains("}") else { return nil }
            self.init("", text)
            return
        }
        guard let close = text.lastIndex(of: "}"), text.index(after: close) < text.endIndex else { return nil }
        self.init(String(text[text.index(after: text.startIndex)..<close]), String(text[text.index(after: close)...]))
    }
}

/// An attribute with its value after normalisation and entity replacement.
package struct XMLAttribute: Hashable, Sendable {
    package var name: XMLName
    package var value: String

    package init(_ name: XMLName, _ value: String) {
        self.name = name
        self.value = value
    }
}
