import DAVClient
import FoundationEssentials

/// The one way in which `.objects.json` is written: JSON with a line for each object, its keys sorted, so that equal
/// lists are equal bytes and a change of one object is one of a few bytes. A list has ten thousand objects and is read
/// with every backup, which takes Foundation's coders half of the time of a backup without changes.
extension ObjectsSidecar {
    package func encoded() throws -> [UInt8] {
        var writer = LineWriter()
        writer.bytes.reserveCapacity(256 * objects.count + 128)
        writer.bytes += "{\n\"format\":".utf8
        writer.append(format)
        writer.bytes += ",\n\"objects\":[".utf8
        for (place, object) in objects.enumerated() {
            writer.bytes += place == 0 ? "\n".utf8 : ",\n".utf8
            try writer.append(object)
        }
        writer.bytes += "\n],\n\"version\":\(version)\n}\n".utf8
        return writer.bytes
    }

    /// - Returns: nil for bytes that are no such file, or one of a later version.
    package init?(decoding bytes: [UInt8]) {
        if let objects = bytes.withUnsafeBufferPointer({ LineReader.objects($0) }) {
            self.init(objects)
        } else if let sidecar = SidecarCoding.decode(ObjectsSidecar.self, bytes) {
            // Written by an earlier version, or by hand.
            self = sidecar
        } else {
            return nil
        }
    }
}

private struct LineWriter {
    var bytes: [UInt8] = []

    mutating func append(_ object: ObjectsSidecar.Object) throws {
        var separator = UInt8(ascii: "{")
        func begin(_ key: StaticString) {
            bytes.append(separator)
            separator = UInt8(ascii: ",")
            bytes.append(UInt8(ascii: "\""))
            key.withUTF8Buffer { bytes.append(contentsOf: $0) }
            bytes.append(UInt8(ascii: "\""))
            bytes.append(UInt8(ascii: ":"))
        }
        func member(_ key: StaticString, _ text: String?) {
            guard let text else { return }
            begin(key)
            append(text)
        }
        func member(_ key: StaticString, _ number: Int64) {
            begin(key)
            bytes += "\(number)".utf8
        }
        if let attachments = object.attachments {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            begin("attachments")
            bytes += try encoder.encode(attachments)
        }
        member("contentType", object.contentType)
        member("digest", object.digest)
        member("etag", object.etag)
        member("href", object.href)
        member("modified", object.modified)
        member("name", object.name)
        member("size", Int64(object.size))
        member("uid", object.uid)
        bytes.append(UInt8(ascii: "}"))
    }

    mutating func append(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { text in
            var start = 0
            for (place, byte) in text.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
                bytes.append(contentsOf: text[start..<place])
                start = place + 1
                bytes.append(UInt8(ascii: "\\"))
                if byte >= 0x20 {
                    bytes.append(byte)
                } else {
                    let digits = String(byte, radix: 16)
                    bytes += (digits.utf8.count == 1 ? "u000" : "u00").utf8
                    bytes += digits.utf8
                }
            }
            bytes.append(contentsOf: text[start...])
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

/// Reads what ``LineWriter`` writes, and gives up on everything else, which is somebody else's.
private struct LineReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0
    /// Most objects have the same.
    private var lastContentType = ""

    private struct Foreign: Error {}

    static func objects(_ bytes: UnsafeBufferPointer<UInt8>) -> [ObjectsSidecar.Object]? {
        var reader = LineReader(bytes)
        return try? reader.objects()
    }

    private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private mutating func objects() throws(Foreign) -> [ObjectsSidecar.Object] {
        try expect("{\n\"format\":\"fasti-dav-objects\",\n\"objects\":[\n")
        var objects: [ObjectsSidecar.Object] = []
        // About what a line takes.
        objects.reserveCapacity(bytes.count / 256)
        if !take("]") {
            repeat { objects.append(try object()) } while take(",\n")
            try expect("\n]")
        }
        try expect(",\n\"version\":1\n}\n")
        guard place == bytes.count else { throw Foreign() }
        return objects
    }

    private mutating func object() throws(Foreign) -> ObjectsSidecar.Object {
        try expect("{")
        var object = ObjectsSidecar.Object(name: "", href: "", size: -1, modified: 0)
        var isFirst = true
        while !take("}") {
            if !isFirst { try expect(",") }
            isFirst = false
            // Short enough to need no memory of its own.
            let key = try text()
            try expect(":")
            switch key {
            case "attachments": object.attachments = try attachments()
            case "contentType": object.contentType = try contentType()
            case "digest": object.digest = try text()
            case "etag": object.etag = try text()
            case "href": object.href = try text()
            case "modified": object.modified = try number()
            case "name": object.name = try text()
            case "size": object.size = Int(clamping: try number())
            case "uid": object.uid = try text()
            default: throw Foreign()
            }
        }
        guard !object.name.isEmpty, !object.href.isEmpty, object.size >= 0 else { throw Foreign() }
        return object
    }

    private mutating func take(_ expected: StaticString) -> Bool {
        let isThere = expected.withUTF8Buffer { expected in
            bytes.count - place >= expected.count && expected.indices.allSatisfy { bytes[place + $0] == expected[$0] }
        }
        if isThere { place += expected.utf8CodeUnitCount }
        return isThere
    }

    private mutating func expect(_ expected: StaticString) throws(Foreign) {
        guard take(expected) else { throw Foreign() }
    }

    /// Few objects have any.
    private mutating func attachments() throws(Foreign) -> [ManagedAttachment] {
        let start = place
        var depth = 0
        repeat {
            guard place < bytes.count else { throw Foreign() }
            switch bytes[place] {
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: "\""):
                _ = try text()
                continue
            default: break
            }
            place += 1
        } while depth > 0
        let json = Data(bytes[start..<place])
        guard let attachments = try? JSONDecoder().decode([ManagedAttachment].self, from: json) else {
            throw Foreign()
        }
        return attachments
    }

    private mutating func contentType() throws(Foreign) -> String {
        guard let range = plainText() else { return try text() }
        if !bytes[range].elementsEqual(lastContentType.utf8) {
            lastContentType = String(decoding: bytes[range], as: UTF8.self)
        }
        return lastContentType
    }

    private mutating func text() throws(Foreign) -> String {
        if let range = plainText() { return String(decoding: bytes[range], as: UTF8.self) }
        try expect("\"")
        var text: [UInt8] = []
        while !take("\"") {
            guard place < bytes.count else { throw Foreign() }
            if take("\\u00") {
                text.append(try escaped())
            } else if take("\\\"") {
                text.append(UInt8(ascii: "\""))
            } else if take("\\\\") {
                text.append(UInt8(ascii: "\\"))
            } else {
                guard bytes[place] >= 0x20, bytes[place] != UInt8(ascii: "\\") else { throw Foreign() }
                text.append(bytes[place])
                place += 1
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Where the text of a string without escapes lies; nil, and nothing taken, for any other.
    private mutating func plainText() -> Range<Int>? {
        guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { return nil }
        var end = place + 1
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
            guard bytes[end] != UInt8(ascii: "\\"), bytes[end] >= 0x20 else { return nil }
            end += 1
        }
        guard end < bytes.count else { return nil }
        defer { place = end + 1 }
        return place + 1..<end
    }

    /// The last two digits of an escaped control character.
    private mutating func escaped() throws(Foreign) -> UInt8 {
        guard place + 2 <= bytes.count, let high = PercentEncoding.digit(bytes[place]),
            let low = PercentEncoding.digit(bytes[place + 1]), high < 2
        else { throw Foreign() }
        place += 2
        return high << 4 | low
    }

    private mutating func number() throws(Foreign) -> Int64 {
        let isNegative = take("-")
        let start = place
        var value: Int64 = 0
        while place < bytes.count, (0x30...0x39).contains(bytes[place]), place - start < 18 {
            value = value * 10 + Int64(bytes[place] - 0x30)
            place += 1
        }
        guard place > start else { throw Foreign() }
        return isNegative ? -value : value
    }
}
