/// One parameter of a content line: `NAME=value,"quoted value"`.
package struct ContentParameter: Sendable {
    /// As written. Empty for the nameless parameters of vCard 2.1 (`TEL;HOME:`).
    package let nameBytes: ArraySlice<UInt8>
    /// Raw values, without their quotes, RFC 6868 escapes not decoded.
    package let rawValues: [ArraySlice<UInt8>]

    /// In upper case.
    package var name: String { ASCII.uppercasedString(nameBytes) }

    /// The values with RFC 6868 escapes decoded.
    package var values: [String] { rawValues.map(Self.decode) }

    package func isNamed(_ name: StaticString) -> Bool { ASCII.equalsIgnoringCase(nameBytes, name) }

    /// RFC 6868 3.2: `^n` is a line break, `^^` a caret, `^'` a double quote; any other caret stands for itself.
    package static func decode(_ raw: ArraySlice<UInt8>) -> String {
        guard raw.contains(UInt8(ascii: "^")) else { return String(decoding: raw, as: UTF8.self) }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(raw.count)
        var rest = raw
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "^"), let next = rest.first else {
                decoded.append(byte)
                continue
            }
            switch next {
            case UInt8(ascii: "n"): decoded.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "^"): decoded.append(UInt8(ascii: "^"))
            case UInt8(ascii: "'"): decoded.append(UInt8(ascii: "\""))
            default:
                decoded.append(byte)
                continue
            }
            rest.removeFirst()
        }
        return String(decoding: decoded, as: UTF8.self)
    }
}

extension ContentLine {
    /// All parameters in the order written.
    package var parameters: [ContentParameter] {
        var parameters: [ContentParameter] = []
        var reader = ParameterReader(parameterBytes)
        while let parameter = reader.next() { parameters.append(parameter) }
        return parameters
    }

    /// The first parameter of that name.
    package func parameter(_ name: StaticString) -> ContentParameter? {
        guard !parameterBytes.isEmpty else { return nil }
        var reader = ParameterReader(parameterBytes)
        while let parameter = reader.next() {
            if parameter.isNamed(name) { return parameter }
        }
        return nil
    }

    /// The first value of the first parameter of that name, decoded.
    package func parameterValue(_ name: StaticString) -> String? {
        parameter(name)?.rawValues.first.map(ContentParameter.decode)
    }

    /// All values of all parameters of that name, decoded (`TYPE=HOME;TYPE=CELL` is `TYPE=HOME,CELL`).
    package func parameterValues(named name: String) -> [String] {
        parameters.filter { ASCII.equalsIgnoringCase($0.nameBytes, bytes: name.utf8) }.flatMap(\.values)
    }

    /// Whether a parameter of that name stands on the line, with or without values.
    package func hasParameter(named name: String) -> Bool {
        parameters.contains { ASCII.equalsIgnoringCase($0.nameBytes, bytes: name.utf8) }
    }
}

/// Reads `;NAME=value,...` one by one; whatever does not fit the grammar is taken as literally as it can be.
struct ParameterReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func next() -> ContentParameter? {
        while rest.first == UInt8(ascii: ";") { rest.removeFirst() }
        guard !rest.isEmpty else { return nil }
        let nameEnd = rest.firstIndex { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ";") } ?? rest.endIndex
        guard nameEnd < rest.endIndex, rest[nameEnd] == UInt8(ascii: "=") else {
            let value = rest[..<nameEnd]
            rest = rest[nameEnd...]
            return ContentParameter(nameBytes: [], rawValues: [value])
        }
        let name = rest[..<nameEnd]
        rest = rest[(nameEnd + 1)...]
        var values = [readValue()]
        while rest.first == UInt8(ascii: ",") {
            rest.removeFirst()
            values.append(readValue())
        }
        return ContentParameter(nameBytes: name, rawValues: values)
    }

    private mutating func readValue() -> ArraySlice<UInt8> {
        if rest.first == UInt8(ascii: "\""), let close = rest.dropFirst().firstIndex(of: UInt8(ascii: "\"")) {
            let value = rest[(rest.startIndex + 1)..<close]
            let after = close + 1
            if after == rest.endIndex || Self.endsValue(rest[after]) {
                rest = rest[after...]
                return value
            }
        }
        let end = rest.firstIndex(where: Self.endsValue) ?? rest.endIndex
        let value = rest[..<end]
        rest = rest[end...]
        return value
    }

    private static func endsValue(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";")
    }
}
