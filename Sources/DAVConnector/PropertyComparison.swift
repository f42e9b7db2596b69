import DAVClient
import WebDAV
import XMLStream

/// What a server made of the properties of a restored collection.
enum PropertyComparison {
    /// Whether a property says what was asked for: colours with or without the part for opacity, text without white space
    /// around it.
    static func isSame(_ wanted: PropertyElement, _ found: PropertyElement?) -> Bool {
        guard let found else { return false }
        if wanted.elements.isEmpty && found.elements.isEmpty {
            let (a, b) = (wanted.trimmedText, found.trimmedText)
            if wanted.name == .calendarColor { return colour(a) == colour(b) }
            return a == b || text(a) == text(b)
        }
        return parts(wanted) == parts(found)
    }

    /// `#FF0000` and `#ff0000FF` are the same.
    private static func colour(_ text: String) -> String {
        let upper = text.uppercased()
        return upper.utf8.count == 9 && upper.hasSuffix("FF") ? String(upper.dropLast(2)) : upper
    }

    /// XML takes carriage returns away.
    private static func text(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0 != "\r" })
    }

    private static func parts(_ element: PropertyElement) -> Set<String> {
        Set(element.elements.map { "\($0.name.local) \($0.attributes.map(\.value).sorted()) \($0.trimmedText)" })
    }

    /// - Returns: sentences about what is different.
    static func differences(wanted: [PropertyElement], found: [PropertyElement], refused: [String]) -> [String] {
        wanted.compactMap { property in
            guard !refused.contains(property.name.local) else {
                return "The server does not take the \(title(property.name))."
            }
            let now = found.first { $0.name == property.name }
            guard !isSame(property, now) else { return nil }
            guard let now, !now.children.isEmpty else { return "The server does not keep the \(title(property.name))." }
            let isShort = property.text.utf8.count < 80 && now.text.utf8.count < 80 && now.elements.isEmpty
            return isShort
                ? "The server keeps \"\(now.trimmedText)\" as the \(title(property.name)), not "
                    + "\"\(property.trimmedText)\"."
                : "The server keeps another \(title(property.name))."
        }
    }

    /// What people call a property.
    static func title(_ name: XMLName) -> String {
        switch name.local {
        case "displayname": "name"
        case "calendar-color", "addressbook-color": "colour (\(name.local))"
        case "calendar-order", "order": "order (\(name.local))"
        case "calendar-description", "addressbook-description": "description"
        case "calendar-timezone", "calendar-timezone-id": "time zone (\(name.local))"
        case "supported-calendar-component-set": "kinds of entries"
        case "schedule-calendar-transp": "transparency"
        default: name.local
        }
    }
}
