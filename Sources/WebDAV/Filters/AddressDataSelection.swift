import HTTPTypes
package import XMLStream

/// What of a card is wanted: the content of `address-data` in a REPORT (RFC 6352, 10.4).
package struct AddressDataSelection: Hashable, Sendable {
    package struct Property: Hashable, Sendable {
        /// Upper case.
        package let name: String
        /// Whether the value is left out.
        package let isNameOnly: Bool
    }

    /// nil is all.
    package let properties: [Property]?
    /// `3.0` or `4.0`; nil is as stored.
    package let version: String?

    package var isWhole: Bool { properties == nil }

    /// - Throws: 403 `supported-address-data` for other formats than vCard 3.0 and 4.0.
    package init(_ element: XMLElement) throws(DAVError) {
        let type = element.attribute("content-type") ?? "text/vcard"
        version = element.attribute("version")
        guard ["text/vcard", "text/x-vcard"].contains(type.lowercased()), ["3.0", "4.0", nil].contains(version) else {
            throw DAVError(
                .forbidden, .supportedAddressData,
                "Address data comes as text/vcard 3.0 or 4.0, not as \(type) \(version ?? "").")
        }
        guard element.first(.carddavAllprop) == nil else {
            properties = nil
            return
        }
        var properties: [Property] = []
        for child in element.all(.carddavProp) {
            properties.append(
                Property(
                    name: try child.requiredAttribute("name").uppercased(), isNameOnly: try child.flag("novalue")))
        }
        self.properties = properties.isEmpty ? nil : properties
    }
}
