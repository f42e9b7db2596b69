import DAVClient
import WebDAV
package import XMLStream

/// Property elements as text and back, in one way only, so that equal properties are equal bytes.
package enum PropertyText {
    /// The element as XML that stands alone: every prefix it uses is declared on it.
    package static func text(_ element: XMLElement) -> String {
        var namespaces: [String] = []
        collect(element, &namespaces)
        var counter = 0
        let prefixes = namespaces.map { namespace in
            if let known = DAVNamespace.prefixes.first(where: { $0.namespace == namespace }) { return known }
            counter += 1
            return XMLWriter.Prefix("n\(counter)", namespace)
        }
        var writer = XMLWriter(prefixes: prefixes)
        writer.element(element)
        return String(decoding: writer.take(), as: UTF8.self)
    }

    package static func element(_ text: String) throws(XMLError) -> XMLElement {
        try XMLElement(parsing: Array(text.utf8))
    }

    /// Namespaces in the order in which they first appear.
    private static func collect(_ element: XMLElement, _ namespaces: inout [String]) {
        let names = [element.name] + element.attributes.map(\.name).filter { $0.namespace != XMLName.xmlLang.namespace }
        for name in names where !name.namespace.isEmpty && !namespaces.contains(name.namespace) {
            namespaces.append(name.namespace)
        }
        for child in element.elements { collect(child, &namespaces) }
    }
}
