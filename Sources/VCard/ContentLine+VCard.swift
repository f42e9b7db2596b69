package import ContentLines

extension ContentLine {
    /// The value as text: quoted-printable (vCard 2.1) and backslash escapes decoded.
    package var decodedText: String {
        TextEscaping.unescape(decodedValue)
    }

    /// The components of a structured value (N, ADR, ORG), each a list, decoded.
    package var structuredText: [[String]] {
        TextEscaping.split(decodedValue, at: UInt8(ascii: ";")).map { component in
            TextEscaping.split(component, at: UInt8(ascii: ",")).map(TextEscaping.unescape)
        }
    }

    /// TYPE values in lower case, those that vCard 2.1 writes without a name included.
    package var types: [String] {
        parameters.filter { $0.nameBytes.isEmpty || $0.isNamed("TYPE") }
            .flatMap(\.values)
            .flatMap { $0.split(separator: ",") }
            .map { $0.lowercased() }
    }

    /// The value as bytes in the character set of the card, quoted-printable (vCard 2.1) decoded.
    package var decodedBytes: [UInt8] { Array(decodedValue) }

    private var isQuotedPrintable: Bool {
        guard !parameterBytes.isEmpty else { return false }
        return parameters.contains { parameter in
            (parameter.nameBytes.isEmpty || parameter.isNamed("ENCODING"))
                && parameter.rawValues.contains { ASCII.equalsIgnoringCase($0, "QUOTED-PRINTABLE") }
        }
    }

    private var decodedValue: ArraySlice<UInt8> {
        isQuotedPrintable ? Self.decodeQuotedPrintable(value)[...] : value
    }

    /// RFC 2045 6.7 without soft line breaks, which unfolding has taken away. Broken escapes stand for themselves.
    private static func decodeQuotedPrintable(_ value: ArraySlice<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(value.count)
        var rest = value
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "="), rest.count >= 2,
                let number = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                decoded.append(number)
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }
}
