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

    static func objects(_ bytes: UnsafeBufferPointer<UInt8>) -> [ObjectsSidecar.Object]? {
        var reader = LineReader(bytes)
        guard reader.take("{\n\"format\":\"fasti-dav-objects\",\n\"objects\":[\n") else { return nil }
        var objects: [ObjectsSidecar.Object] = []
        // About what a line takes.
        objects.reserveCapacity(bytes.count / 256)
        if !reader.take("]") {
            repeat {
                guard let object = reader.object() else { return nil }
                objects.append(object)
            } while reader.take(",\n")
            guard reader.take("\n]") else { return nil }
        }
        guard reader.take(",\n\"version\":1\n}\n"), reader.place == bytes.count else { return nil }
        return objects
    }

    private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private mutating func take(_ expected: StaticString) -> Bool {
        let isThere = expected.withUTF8Buffer { expected in
            bytes.count - place >= expected.count && expected.indices.allSatisfy { bytes[place + $0] == expected[$0] }
        }
        if isThere { place += expected.utf8CodeUnitCount }
        return isThere
    }

    private mutating func object() -> ObjectsSidecar.Object? {
        guard take("{") else { return nil }
        var object = ObjectsSidecar.Object(name: "", href: "", size: -1, modified: 0)
        var isFirst = true
        while !take("}") {
            guard isFirst || take(",") else { return nil }
            isFirst = false
            if take("\"attachments\":") {
                guard let attachments = attachments() else { return nil }
                object.attachments = attachments
            } else if take("\"contentType\":") {
                guard let text = contentType() else { return nil }
                object.contentType = text
            } else if take("\"digest\":") {
                guard let text = text() else { return nil }
                object.digest = text
            } else if take("\"etag\":") {
                guard let text = text() else { return nil }
                object.etag = text
            } else if take("\"href\":") {
                guard let text = text() else { return nil }
                object.href = text
            } else if take("\"modified\":") {
                guard let number = number() else { return nil }
                object.modified = number
            } else if take("\"name\":") {
                guard let text = text() else { return nil }
                object.name = text
            } else if take("\"size\":") {
                guard let number = number().flatMap(Int.init(exactly:)) else { return nil }
                object.size = number
            } else if take("\"uid\":") {
                guard let text = text() else { return nil }
                object.uid = text
            } else {
                return nil
            }
        }
        return object.name.isEmpty || object.href.isEmpty || object.size < 0 ? nil : object
    }

    /// Few objects have any.
    private mutating func attachments() -> [ManagedAttachment]? {
        let start = place
        var depth = 0
        repeat {
            guard place < bytes.count else { return nil }
            switch bytes[place] {
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: "\""):
                guard text() != nil else { return nil }
                continue
            default: break
            }
            place += 1
        } while depth > 0
        return try? JSONDecoder().decode([ManagedAttachment].self, from: Data(bytes[start..<place]))
    }

    private mutating func contentType() -> String? {
        guard let range = plainText() else { return text() }
        if !bytes[range].elementsEqual(lastContentType.utf8) {
            lastContentType = String(decoding: bytes[range], as: UTF8.self)
        }
        return lastContentType
    }

    /// The text of a string without escapes; nil, and nothing taken, for any other.
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

    private mutating func text() -> String? {
        if let range = plainText() { return String(decoding: bytes[range], as: UTF8.self) }
        guard take("\"") else { return nil }
        var text: [UInt8] = []
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\"") {
                place += 1
                return String(decoding: text, as: UTF8.self)
            }
            if take("\\u00") {
                guard place + 2 <= bytes.count, let high = PercentEncoding.digit(bytes[place]),
                    let low = PercentEncoding.digit(bytes[place + 1]),
                    high < 2
                else { return nil }
                text.append(high << 4 | low)
                place += 2
            } else if take("\\\"") {
                text.append(UInt8(ascii: "\""))
            } else if take("\\\\") {
                text.append(UInt8(ascii: "\\"))
            } else {
                guard byte >= 0x20, byte != UInt8(ascii: "\\") else { return nil }
                text.append(byte)
                place += 1
            }
        }
        return nil
    }

    private mutating func number() -> Int64? {
        let isNegative = take("-")
        let start = place
        var value: Int64 = 0
        while place < bytes.count, (0x30...0x39).contains(bytes[place]), place - start < 18 {
            value = value * 10 + Int64(bytes[place] - 0x30)
            place += 1
        }
        guard place > start else { return nil }
        return isNegative ? -value : value
    }
}
