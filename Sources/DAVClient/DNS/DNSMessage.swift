/// The little of DNS (RFC 1035) that finding a service takes: a question, and the records of the answer.
struct DNSMessage: Sendable {
    enum RecordType: UInt16, Sendable {
        case txt = 16
        case srv = 33
    }

    /// RFC 2782.
    struct Service: Hashable, Sendable {
        var priority: UInt16
        var weight: UInt16
        var port: Int
        /// Without the final dot; empty when the service is decidedly not available.
        var target: String
    }

    var identifier: UInt16
    var isTruncated = false
    /// 0 for success, 3 for a name that does not exist.
    var code: UInt8 = 0
    var services: [Service] = []
    /// The strings of each TXT record.
    var texts: [[String]] = []

    // MARK: Question

    /// - Returns: nil for a name that cannot be asked for.
    static func question(_ name: String, _ type: RecordType, identifier: UInt16) -> [UInt8]? {
        // Recursion is desired; one question.
        var bytes: [UInt8] = [UInt8(identifier >> 8), UInt8(identifier & 0xFF), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        var length = 0
        for label in name.split(separator: ".") {
            guard (1...63).contains(label.utf8.count), label.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                return nil
            }
            bytes.append(UInt8(label.utf8.count))
            bytes += label.utf8
            length += label.utf8.count + 1
        }
        guard length > 0, length < 255 else { return nil }
        return bytes + [0, 0, UInt8(type.rawValue), 0, 1]
    }

    // MARK: Answer

    /// - Returns: nil for bytes that are no answer to this question.
    init?(_ bytes: [UInt8], to question: [UInt8]) {
        var reader = Reader(bytes: bytes)
        guard let identifier = reader.number(), let flags = reader.number(), flags & 0x8000 != 0,
            bytes.prefix(2).elementsEqual(question.prefix(2))
        else { return nil }
        self.identifier = identifier
        isTruncated = flags & 0x0200 != 0
        // An answer that was cut is asked for again over TCP; it may lack everything, even the question.
        if isTruncated { return }
        guard let questions = reader.number(), let answers = reader.number(), reader.skip(4) else { return nil }
        code = UInt8(flags & 0x0F)
        // What was not asked is not believed: the question must come back as it was, case apart.
        let asked = question.dropFirst(12).map(Self.lower)
        guard questions == 1, bytes.dropFirst(12).prefix(asked.count).map(Self.lower) == asked,
            reader.skip(asked.count)
        else { return nil }
        for _ in 0..<min(answers, 64) {
            guard reader.name() != nil, let type = reader.number(), let space = reader.number(), reader.skip(4),
                let length = reader.number(), let data = reader.piece(Int(length))
            else { return nil }
            guard space == 1 else { continue }
            switch RecordType(rawValue: type) {
            case .txt: texts.append(Self.strings(bytes[data]))
            case .srv: if let service = Self.service(bytes, data) { services.append(service) }
            case nil: continue
            }
        }
    }

    private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    private static func service(_ bytes: [UInt8], _ data: Range<Int>) -> Service? {
        var reader = Reader(bytes: bytes, index: data.lowerBound)
        guard let priority = reader.number(), let weight = reader.number(), let port = reader.number(),
            let target = reader.name()
        else { return nil }
        return Service(priority: priority, weight: weight, port: Int(port), target: target)
    }

    private static func strings(_ data: ArraySlice<UInt8>) -> [String] {
        var rest = data
        var strings: [String] = []
        while let length = rest.popFirst(), rest.count >= length {
            strings.append(String(decoding: rest.prefix(Int(length)), as: UTF8.self))
            rest = rest.dropFirst(Int(length))
        }
        return strings
    }

    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        mutating func skip(_ count: Int) -> Bool { piece(count) != nil }

        mutating func piece(_ count: Int) -> Range<Int>? {
            guard count <= bytes.count - index else { return nil }
            defer { index += count }
            return index..<(index + count)
        }

        mutating func number() -> UInt16? {
            piece(2).map { UInt16(bytes[$0.lowerBound]) << 8 | UInt16(bytes[$0.lowerBound + 1]) }
        }

        /// A name, which may go on at an earlier place of the message.
        mutating func name() -> String? {
            var labels: [String] = []
            var place = index
            var hasJumped = false
            var jumps = 0
            while place < bytes.count {
                let length = Int(bytes[place])
                if length == 0 {
                    if !hasJumped { index = place + 1 }
                    return labels.joined(separator: ".")
                }
                if length & 0xC0 == 0xC0 {
                    guard place + 1 < bytes.count else { return nil }
                    if !hasJumped { index = place + 2 }
                    hasJumped = true
                    jumps += 1
                    guard jumps <= 32 else { return nil }
                    place = (length & 0x3F) << 8 | Int(bytes[place + 1])
                } else {
                    guard length < 64, place + 1 + length <= bytes.count, labels.count < 128 else { return nil }
                    labels.append(String(decoding: bytes[(place + 1)..<(place + 1 + length)], as: UTF8.self))
                    place += 1 + length
                }
            }
            return nil
        }
    }
}
