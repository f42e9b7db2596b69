import HTTPTypes
import VCard
import WebDAV

/// In which version a client wants a card that it fetches with GET (RFC 6352, 5.1.1; RFC 9110, 12.5.1).
enum CardNegotiation: Hashable {
    case asStored
    case version(String)
    /// Only formats are accepted that cards are not given in.
    case none

    private static let formats: Set = ["text/vcard", "text/x-vcard", "application/vcard+json", "application/vcard+xml"]

    /// - Parameter accept: the header field; nil accepts everything.
    init(accept: String?, stored: String?) {
        var versions: [String] = []
        for item in (accept ?? "*/*").lowercased().split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" && $0 != "\"" } }
            guard let type = parts.first, !parts.contains("q=0") else { continue }
            let version = parts.first { $0.hasPrefix("version=") }?.dropFirst("version=".count)
            // Whoever takes something else beside is not asking for a version of vCard.
            guard Self.formats.contains(type), version != nil || type.hasPrefix("application/") else {
                self = .asStored
                return
            }
            if let version, type.hasPrefix("text/"), ["3.0", "4.0"].contains(version) {
                versions.append(String(version))
            }
        }
        if let stored, versions.contains(stored) {
            self = .asStored
        } else if let version = versions.first {
            self = .version(version)
        } else {
            self = .none
        }
    }

    /// The card as it is wanted, with the version when it is not as stored.
    /// - Throws: 406 `supported-address-data-conversion`.
    static func render(_ card: [UInt8], accept: String?) throws(DAVError) -> (bytes: [UInt8], version: String?) {
        guard accept != nil else { return (card, nil) }
        let object = try? VCardObject(parsing: card)
        switch CardNegotiation(accept: accept, stored: object?.cards.first?.version) {
        case .asStored: return (card, nil)
        case .version(let version):
            if let converted = object.flatMap({ CardVersion.convert($0, to: version) }) { return (converted, version) }
            var error = ObjectData.inconvertible(version)
            error.status = .notAcceptable
            throw error
        case .none:
            throw DAVError(
                .notAcceptable, .supportedAddressDataConversion,
                "Cards come as text/vcard in the versions 3.0 and 4.0.")
        }
    }
}
