import HTTPTypes
import XMLStream

/// How much one filter may ask: every part of it is tried on every object of a collection.
enum FilterSize {
    static let maximumParts = 500
    /// Of all texts together, in bytes.
    static let maximumText = 65_536

    /// - Parameter condition: `supported-filter` of CalDAV or CardDAV.
    /// - Throws: 403 with the condition.
    static func check(_ filter: XMLElement, _ condition: XMLName) throws(DAVError) {
        var (parts, text) = (0, 0)
        var waiting = [filter]
        while let element = waiting.popLast() {
            for child in element.children {
                switch child {
                case .element(let element):
                    parts += 1
                    waiting.append(element)
                case .text(let part): text += part.utf8.count
                }
            }
        }
        guard parts <= maximumParts else {
            throw DAVError(
                .forbidden, condition, "The filter has \(parts) parts; queries with up to \(maximumParts) are answered."
            )
        }
        guard text <= maximumText else {
            throw DAVError(
                .forbidden, condition, "The texts of the filter have \(text) bytes; \(maximumText) are the most.")
        }
    }
}
