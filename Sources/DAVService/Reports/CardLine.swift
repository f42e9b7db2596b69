import ContentLines
import VCard

/// One line of a card in its parts.
struct CardLine {
    var group: String?
    /// Upper case.
    var name: String
    var parameters: [(name: String, values: [String])]
    /// As it stands in the card, escapes included.
    var value: [UInt8]

    init(_ line: ContentLine) {
        group = line.group
        name = line.name
        parameters = line.parameters.map { ($0.name, $0.values) }
        value = Array(line.value)
    }

    /// Takes a parameter off, all of them that have the name.
    @discardableResult
    mutating func remove(_ parameter: String) -> [String] {
        let values = parameters.filter { $0.name == parameter }.flatMap(\.values)
        parameters.removeAll { $0.name == parameter }
        return values.flatMap { $0.split(separator: ",").map(String.init) }
    }

    func write(to writer: inout ContentLineWriter) {
        writer.write((group.map { $0 + "." } ?? "") + name, parameters, value: value)
    }
}

// MARK: - vCard 2.1

extension CardLine {
    /// A line of vCard 2.1 as 3.0 writes it: in UTF-8, without quoted-printable, with names for all parameters.
    init(version21 line: ContentLine) {
        self.init(line)
        parameters = []
        var isLatin = false
        for parameter in line.parameters {
            for value in parameter.values {
                switch (parameter.name, value.uppercased()) {
                case ("", "BASE64"), ("ENCODING", "BASE64"), ("ENCODING", "B"): parameters.append(("ENCODING", ["b"]))
                case ("", "QUOTED-PRINTABLE"), ("", "8BIT"), ("", "7BIT"), ("", "INLINE"), ("ENCODING", _): continue
                case ("VALUE", "INLINE"): continue
                case ("", "URL"), ("VALUE", "URL"): parameters.append(("VALUE", ["uri"]))
                case ("CHARSET", let name): isLatin = name.hasPrefix("ISO-8859-1") || name == "WINDOWS-1252"
                case ("", _): parameters.append(("TYPE", [value]))
                default: parameters.append((parameter.name, [value]))
                }
            }
        }
        let bytes = line.decodedBytes
        let isUTF8 = !isLatin && String(validating: bytes, as: UTF8.self) != nil
        value = isUTF8 ? bytes : Array(String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })).utf8)
        if name == "GEO" {
            value = value.map { $0 == UInt8(ascii: ",") ? UInt8(ascii: ";") : $0 }
        } else if !Self.unescaped.contains(name) {
            value = Self.escaped(value)
        }
    }

    /// Values that are no texts.
    private static let unescaped: Set = ["URL", "PHOTO", "LOGO", "SOUND", "KEY", "REV", "BDAY", "TZ", "CATEGORIES"]

    /// 2.1 escapes the semicolon only; many programs escape as later versions do all the same.
    private static func escaped(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"):
                result.append(byte)
                if let next = rest.first, ";,nN\\".utf8.contains(next) {
                    result.append(next)
                    rest = rest.dropFirst()
                } else {
                    result.append(byte)
                }
            case UInt8(ascii: ","): result += [UInt8(ascii: "\\"), byte]
            case 0x0D: continue
            case 0x0A: result += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            default: result.append(byte)
            }
        }
        return result
    }
}
