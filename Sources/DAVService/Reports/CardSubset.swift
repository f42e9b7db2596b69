import ContentLines
import VCard
import WebDAV

/// A card reduced to some properties (RFC 6352, 10.4). VERSION always stays: without it the rest cannot be read.
enum CardSubset {
    static func render(_ object: VCardObject, _ properties: [AddressDataSelection.Property]) -> [UInt8] {
        var writer = ContentLineWriter()
        for card in object.cards {
            writer.write(line: Array("BEGIN:VCARD".utf8))
            for line in card.properties {
                if line.isNamed("VERSION") {
                    writer.copy(line)
                    continue
                }
                guard let property = properties.first(where: { line.hasName($0.name) }) else { continue }
                if property.isNameOnly {
                    writer.write(line: Array(line.nameBytes) + Array(line.parameterBytes) + [UInt8(ascii: ":")])
                } else {
                    writer.copy(line)
                }
            }
            writer.write(line: Array("END:VCARD".utf8))
        }
        return writer.bytes
    }
}
