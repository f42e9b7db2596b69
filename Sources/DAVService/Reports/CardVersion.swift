import ContentLines
import VCard

/// Cards in the version that a client asks for (RFC 6352, 8.7.2): what vCard 3.0 (RFC 2426) and 4.0 (RFC 6350) write
/// differently is rewritten, everything else stays.
enum CardVersion {
    /// - Returns: the bytes as they are when they have that version already; nil for what cannot be converted.
    static func convert(_ object: VCardObject, to version: String) -> [UInt8]? {
        guard object.cards.contains(where: { $0.version != version }) else { return object.source }
        var writer = ContentLineWriter()
        for card in object.cards {
            guard let old = lines(of: card) else { return nil }
            let lines = old.compactMap { version == "4.0" ? toVersion4($0) : toVersion3($0) }
            writer.write("BEGIN", value: "VCARD".utf8)
            writer.write("VERSION", value: version.utf8)
            for line in lines { line.write(to: &writer) }
            if version == "3.0", !lines.contains(where: { $0.name == "N" }) {
                // vCard 3.0 must have it.
                writer.write("N", value: TextEscaping.escape(card.formattedName ?? "") + Array(";;;;".utf8))
            }
            writer.write("END", value: "VCARD".utf8)
        }
        return writer.bytes
    }

    private static func lines(of card: VCard) -> [CardLine]? {
        switch card.version {
        case "3.0", "4.0": return Array(card.properties).map { CardLine($0) }
        case "2.1":
            // A card inside a card has no place in the later versions.
            guard card.properties(named: "AGENT").isEmpty else { return nil }
            return Array(card.properties).map { CardLine(version21: $0) }
        default: return nil
        }
    }

    private static let binary: Set<String> = ["PHOTO", "LOGO", "SOUND", "KEY"]
    private static let dates: Set<String> = ["BDAY", "ANNIVERSARY", "DEATHDATE"]

    // MARK: 3.0 to 4.0

    private static let renamed4 = [
        "X-ADDRESSBOOKSERVER-KIND": "KIND", "X-ADDRESSBOOKSERVER-MEMBER": "MEMBER", "X-ANNIVERSARY": "ANNIVERSARY",
        "X-GENDER": "GENDER",
    ]

    private static func toVersion4(_ line: CardLine) -> CardLine? {
        var line = line
        guard line.name != "VERSION" else { return nil }
        line.name = renamed4[line.name] ?? line.name
        let isEncoded = line.remove("ENCODING").contains { ["b", "base64"].contains($0.lowercased()) }
        line.remove("CHARSET")
        var types = line.remove("TYPE")
        if let preferred = types.firstIndex(where: { $0.lowercased() == "pref" }) {
            types.remove(at: preferred)
            line.parameters.append(("PREF", ["1"]))
        }
        if isEncoded, binary.contains(line.name) {
            let kind = types.first?.lowercased() ?? "octet-stream"
            line.value = Array("data:\(mediaType(kind, line.name));base64,".utf8) + line.value.filter { $0 > 0x20 }
            types = []
        }
        if !types.isEmpty { line.parameters.append(("TYPE", types.map { $0.lowercased() })) }
        if dates.contains(line.name) { line.value = compactDate(line.value) }
        if line.name == "GEO", let comma = line.value.firstIndex(of: UInt8(ascii: ";")) {
            line.value[comma] = UInt8(ascii: ",")
            line.value = Array("geo:".utf8) + line.value
        }
        return line
    }

    private static func mediaType(_ kind: String, _ property: String) -> String {
        if kind.contains("/") { return kind }
        switch property {
        case "SOUND": return "audio/\(kind)"
        case "KEY": return "application/\(kind == "pgp" ? "pgp-keys" : "pkix-cert")"
        default: return kind == "octet-stream" ? "application/octet-stream" : "image/\(kind)"
        }
    }

    /// `1985-04-12` becomes `19850412`, `--04-12` becomes `--0412`; times of day keep their form.
    private static func compactDate(_ value: [UInt8]) -> [UInt8] {
        let parts = value.split(separator: UInt8(ascii: "T"), maxSplits: 1, omittingEmptySubsequences: false)
        let day = Array(parts[0])
        let isYearless = day.starts(with: Array("--".utf8))
        let digits = day.filter { $0 != UInt8(ascii: "-") }
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }), [4, 8].contains(digits.count) else { return value }
        return (isYearless ? Array("--".utf8) : []) + digits + value.dropFirst(day.count)
    }

    // MARK: 4.0 to 3.0

    private static let renamed3 = [
        "KIND": "X-ADDRESSBOOKSERVER-KIND", "MEMBER": "X-ADDRESSBOOKSERVER-MEMBER", "ANNIVERSARY": "X-ANNIVERSARY",
        "GENDER": "X-GENDER",
    ]
    /// What only synchronisation of 4.0 knows.
    private static let unknown3: Set<String> = ["CLIENTPIDMAP", "XML"]

    private static func toVersion3(_ line: CardLine) -> CardLine? {
        var line = line
        guard line.name != "VERSION", !unknown3.contains(line.name) else { return nil }
        if dates.contains(line.name) { line.value = spacedDate(line.value) }
        let isBinary = binary.contains(line.name)
        line.name = renamed3[line.name] ?? line.name
        for parameter in ["PID", "ALTID", "INDEX", "LEVEL", "CALSCALE"] { line.remove(parameter) }
        var types = line.remove("TYPE")
        if !line.remove("PREF").isEmpty { types.append("pref") }
        let media = line.remove("MEDIATYPE").first
        if isBinary, let (kind, data) = dataURI(line.value) {
            line.remove("VALUE")
            line.value = data
            line.parameters.append(("ENCODING", ["b"]))
            types = kind.split(separator: "/").last.map { [$0.uppercased()] } ?? []
        } else if isBinary {
            line.remove("VALUE")
            line.parameters.append(("VALUE", ["uri"]))
            if let kind = media?.split(separator: "/").last { types.append(kind.uppercased()) }
        }
        if !types.isEmpty { line.parameters.append(("TYPE", types)) }
        let text = String(decoding: line.value.prefix(4), as: UTF8.self).lowercased()
        if line.name == "TEL", text == "tel:" {
            line.value = Array(line.value.dropFirst(4))
            line.remove("VALUE")
        } else if line.name == "GEO", text == "geo:" {
            line.value = line.value.dropFirst(4).map { $0 == UInt8(ascii: ",") ? UInt8(ascii: ";") : $0 }
            line.remove("VALUE")
        }
        return line
    }

    /// Media type and base64 of a `data:` URI.
    private static func dataURI(_ value: [UInt8]) -> (kind: String, data: [UInt8])? {
        guard value.starts(with: Array("data:".utf8)), let comma = value.firstIndex(of: UInt8(ascii: ",")) else {
            return nil
        }
        // In structured values of old cards the comma is escaped.
        let head = String(decoding: value[5..<comma].filter { $0 != UInt8(ascii: "\\") }, as: UTF8.self)
        guard head.lowercased().hasSuffix(";base64") else { return nil }
        let kind = head.prefix { $0 != ";" }
        return (String(kind), Array(value[(comma + 1)...]))
    }

    /// `19850412` becomes `1985-04-12`, `--0412` becomes `--04-12`.
    private static func spacedDate(_ value: [UInt8]) -> [UInt8] {
        let text = String(decoding: value, as: UTF8.self)
        let day = text.prefix { $0 != "T" }
        let rest = text.dropFirst(day.count)
        let isYearless = day.hasPrefix("--")
        let digits = day.filter { $0 != "-" }
        guard digits.allSatisfy(\.isWholeNumber), digits.count == (isYearless ? 4 : 8) else { return value }
        let spaced =
            isYearless
            ? "--\(digits.prefix(2))-\(digits.suffix(2))"
            : "\(digits.prefix(4))-\(digits.dropFirst(4).prefix(2))-\(digits.suffix(2))"
        return Array((spaced + rest).utf8)
    }
}
