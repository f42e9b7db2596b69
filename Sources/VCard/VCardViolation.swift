import ContentLines

/// A way in which data is not what an address book stores.
package struct VCardViolation: Sendable, Hashable {
    package let precondition: Precondition
    /// For a person: what is wrong and where.
    package let message: String

    package init(_ precondition: Precondition, _ message: String) {
        self.precondition = precondition
        self.message = message
    }

    /// The element of RFC 6352 6.3.2.1 (namespace urn:ietf:params:xml:ns:carddav) that names the violation.
    package struct Precondition: Hashable, Sendable, CustomStringConvertible {
        /// The local name of the element.
        package let description: String
        private init(_ description: String) { self.description = description }

        package static let validAddressData = Precondition("valid-address-data")
        package static let supportedAddressData = Precondition("supported-address-data")
        package static let maxResourceSize = Precondition("max-resource-size")
    }
}

extension VCardObject {
    /// Parses and checks in one step: for the door through which clients store cards.
    ///
    /// - Parameters:
    ///   - maximumSize: in bytes.
    ///   - isStrict: also refuse what RFC 6350 forbids but programs write and read in practice.
    /// - Returns: the object, or nil with what is wrong with it.
    package static func validated(
        _ source: [UInt8],
        maximumSize: Int? = nil,
        isStrict: Bool = false
    ) -> (object: VCardObject?, violations: [VCardViolation]) {
        if let maximumSize, source.count > maximumSize {
            let message = "The card has \(source.count) bytes; at most \(maximumSize) are stored."
            return (nil, [VCardViolation(.maxResourceSize, message)])
        }
        do throws(VCardError) {
            let object = try VCardObject(parsing: source)
            return (object, object.violations(isStrict: isStrict))
        } catch {
            return (nil, [VCardViolation(.validAddressData, error.description)])
        }
    }

    /// In what this is not an address object resource (RFC 6352 5.1). Empty when it is one.
    package func violations(isStrict: Bool = false) -> [VCardViolation] {
        var violations: [VCardViolation] = []
        func refuse(_ message: String) { violations.append(VCardViolation(.validAddressData, message)) }
        if cards.count != 1 { refuse("It holds \(cards.count) cards; one is stored per resource.") }
        for card in cards {
            guard let version = card.version else {
                refuse("The card has no VERSION.")
                continue
            }
            // 2.1 has other character sets and no FN.
            guard version != "2.1" else { continue }
            if version != "3.0", version != "4.0" { refuse("The card has the unknown VERSION \(version).") }
            if card.property("FN") == nil, isStrict || card.displayName == nil { refuse("The card has no FN.") }
            if isStrict, card.uid == nil { refuse("The card has no UID.") }
        }
        if violations.isEmpty, cards.first?.version != "2.1" {
            if !document.isUTF8 { refuse("The text is not UTF-8.") }
            if document.hasOnlyCarriageReturns { refuse("The lines end with CR alone; CRLF is asked for.") }
            if source.contains(0) { refuse("The text contains NUL bytes.") }
        }
        if isStrict {
            for line in document where !line.isWellFormed { refuse("Line \(line.index + 1) is no NAME:value.") }
        }
        return violations
    }
}
