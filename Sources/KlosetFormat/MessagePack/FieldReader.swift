package import ConnectorKit

/// Reads the fields of a message from a map.
///
/// The visited list is walked once for keys in canonical order, and again for each key that comes too early; a key
/// that a whole walk does not know is skipped with its value. After the first failure nothing is read any more.
struct FieldReader: FieldVisitor {
    private var input: MessagePackReader
    private var failure: FormatError?
    private var depth = 0
    /// Pairs of the current map that are not read yet; the key of the first one is ``key``.
    private var remaining = 0
    private var key = 0..<0

    private init(_ input: MessagePackReader) { self.input = input }

    /// Reads one whole message from `range` of `bytes`; nothing may follow it.
    static func read<S: MessagePackStructure>(
        _ type: S.Type, from bytes: [UInt8], in range: Range<Int>
    ) throws(FormatError) -> S {
        var reader = FieldReader(MessagePackReader(bytes, in: range))
        var value = S.unset
        reader.read(&value)
        if let failure = reader.failure { throw failure }
        guard reader.input.isAtEnd else {
            throw FormatError(.malformed, "Bytes follow the message that ends at offset \(reader.input.position).")
        }
        return value
    }

    /// Reads one map into `value`; nil leaves the zero value.
    private mutating func read<S: MessagePackStructure>(_ value: inout S) {
        let outer = (remaining, key)
        depth += 1
        defer {
            (remaining, key) = outer
            depth -= 1
        }
        value = S.unset
        attempt { (input) throws(FormatError) in
            try input.readMapCount() ?? 0
        } then: { reader, count in
            reader.remaining = count
        }
        readKey()
        while remaining > 0, failure == nil {
            let before = remaining
            value.visitFields(&self)
            if remaining == before { skipUnknown() }
        }
    }

    private mutating func skipUnknown() {
        let depth = depth
        attempt { (input) throws(FormatError) in
            try input.skip(depth: depth)
        } then: { reader, _ in
            reader.advance()
        }
    }

    private mutating func advance() {
        remaining -= 1
        readKey()
    }

    private mutating func readKey() {
        guard remaining > 0, failure == nil else { return }
        attempt { (input) throws(FormatError) in
            try input.readKey()
        } then: { reader, range in
            reader.key = range
        }
    }

    private mutating func attempt<T>(
        _ body: (inout MessagePackReader) throws(FormatError) -> T, then: (inout FieldReader, T) -> Void
    ) {
        guard failure == nil else { return }
        do throws(FormatError) {
            let value = try body(&input)
            then(&self, value)
        } catch {
            failure = error
        }
    }

    /// Whether the next value belongs to the field of that name.
    private func isNext(_ name: StaticString) -> Bool {
        guard remaining > 0, failure == nil, key.count == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { wanted in
            var index = key.lowerBound
            for byte in wanted {
                if input.bytes[index] != byte { return false }
                index += 1
            }
            return true
        }
    }

    /// Reads the value of a field if it is the next one.
    private mutating func field<T>(
        _ name: StaticString, _ value: inout T, _ body: (inout MessagePackReader) throws(FormatError) -> T
    ) {
        guard isNext(name) else { return }
        do throws(FormatError) {
            value = try body(&input)
            advance()
        } catch {
            failure = error.within("\(name)")
        }
    }

    private mutating func integer<T: FixedWidthInteger>(_ name: StaticString, _ value: inout T) {
        field(name, &value) { (input) throws(FormatError) in try input.readInteger().narrowed(to: T.self) }
    }

    mutating func u8(_ name: StaticString, _ value: inout UInt8) { integer(name, &value) }
    mutating func u16(_ name: StaticString, _ value: inout UInt16) { integer(name, &value) }
    mutating func u32(_ name: StaticString, _ value: inout UInt32, _ presence: FieldPresence) {
        integer(name, &value)
    }
    mutating func u64(_ name: StaticString, _ value: inout UInt64, _ presence: FieldPresence) {
        integer(name, &value)
    }
    mutating func i64(_ name: StaticString, _ value: inout Int64, _ presence: FieldPresence) {
        integer(name, &value)
    }
    mutating func int(_ name: StaticString, _ value: inout Int) { integer(name, &value) }

    mutating func f64(_ name: StaticString, _ value: inout Double, _ presence: FieldPresence) {
        field(name, &value) { (input) throws(FormatError) in try input.readDouble() }
    }

    mutating func bool(_ name: StaticString, _ value: inout Bool) {
        field(name, &value) { (input) throws(FormatError) in try input.readBool() }
    }

    mutating func string(_ name: StaticString, _ value: inout [UInt8], _ presence: FieldPresence) {
        field(name, &value) { (input) throws(FormatError) in try input.readByteArray() }
    }

    mutating func optionalString(_ name: StaticString, _ value: inout ByteString?) {
        field(name, &value) { (input) throws(FormatError) in ByteString(try input.readByteArray()) }
    }

    mutating func optionalStrings(_ name: StaticString, _ value: inout [ByteString]?) {
        guard isNext(name) else { return }
        var elements: [ByteString] = []
        list(name, &elements) { (input) throws(FormatError) in ByteString(try input.readByteArray()) }
        value = elements
    }

    mutating func bytes(_ name: StaticString, _ value: inout [UInt8], _ empty: EmptyList) {
        field(name, &value) { (input) throws(FormatError) in try input.readByteArray() }
    }

    mutating func mac(_ name: StaticString, _ value: inout MAC) {
        field(name, &value) { (input) throws(FormatError) in try input.readMAC() }
    }

    mutating func optionalMAC(_ name: StaticString, _ value: inout MAC?) {
        field(name, &value) { (input) throws(FormatError) in
            try input.readNil() ? nil : try input.readMAC()
        }
    }

    mutating func uuid(_ name: StaticString, _ value: inout RepositoryID) {
        field(name, &value) { (input) throws(FormatError) in
            guard let range = try input.readBytes() else { return .zero }
            guard let id = RepositoryID(input.bytes[range]) else {
                throw FormatError(.malformed, "A UUID has \(range.count) bytes instead of 16.")
            }
            return id
        }
    }

    mutating func time(_ name: StaticString, _ value: inout Timestamp) {
        field(name, &value) { (input) throws(FormatError) in try input.readTimestamp() ?? .goZero }
    }

    mutating func path(_ name: StaticString, _ value: inout BytePath) {
        field(name, &value) { (input) throws(FormatError) in
            let raw = try input.readByteArray()
            guard let path = raw.isEmpty ? .root : BytePath(validating: raw) else {
                throw FormatError(.malformed, "\(ByteString(raw)) is no absolute clean path.")
            }
            return path
        }
    }

    mutating func structure<S: MessagePackStructure>(
        _ name: StaticString, _ value: inout S, _ presence: FieldPresence
    ) {
        guard isNext(name) else { return }
        read(&value)
        finish(name)
    }

    mutating func pointer<S: MessagePackStructure>(
        _ name: StaticString, _ value: inout S?, _ presence: FieldPresence
    ) {
        guard isNext(name) else { return }
        value = nil
        do throws(FormatError) {
            if try !input.readNil() {
                var pointed = S.unset
                read(&pointed)
                value = pointed
            }
        } catch {
            failure = error
        }
        finish(name)
    }

    mutating func strings(_ name: StaticString, _ value: inout [[UInt8]], _ empty: EmptyList) {
        list(name, &value) { (input) throws(FormatError) in try input.readByteArray() }
    }

    mutating func macs(_ name: StaticString, _ value: inout [MAC], _ empty: EmptyList) {
        list(name, &value) { (input) throws(FormatError) in try input.readMAC() }
    }

    mutating func structures<S: MessagePackStructure>(
        _ name: StaticString, _ value: inout [S], _ empty: EmptyList
    ) {
        guard isNext(name) else { return }
        value = []
        depth += 1
        attempt { (input) throws(FormatError) in
            try input.readArrayCount(of: S.self)
        } then: { reader, count in
            value.reserveCapacity(count)
            for _ in 0..<count where reader.failure == nil {
                var element = S.unset
                reader.read(&element)
                value.append(element)
            }
        }
        depth -= 1
        finish(name)
    }

    private mutating func list<T>(
        _ name: StaticString, _ value: inout [T], _ element: (inout MessagePackReader) throws(FormatError) -> T
    ) {
        field(name, &value) { (input) throws(FormatError) in
            let count = try input.readArrayCount(of: T.self)
            var elements: [T] = []
            elements.reserveCapacity(count)
            for _ in 0..<count { elements.append(try element(&input)) }
            return elements
        }
    }

    private mutating func finish(_ name: StaticString) {
        if let error = failure { failure = error.within("\(name)") } else { advance() }
    }
}

extension MessagePackReader {
    /// Moves over a nil if there is one.
    mutating func readNil() throws(FormatError) -> Bool {
        guard !isAtEnd, bytes[position] == 0xC0 else { return false }
        try skip()
        return true
    }

    /// The bytes of a string or binary; none for nil.
    mutating func readByteArray() throws(FormatError) -> [UInt8] {
        guard let range = try readBytes() else { return [] }
        return Array(bytes[range])
    }
}

extension MessagePackStructure {
    /// Reads a message that fills `bytes`.
    package init(decoding bytes: [UInt8]) throws(FormatError) {
        self = try FieldReader.read(Self.self, from: bytes, in: bytes.indices)
    }

    /// Reads a message that fills `range` of `bytes`.
    package init(decoding bytes: [UInt8], in range: Range<Int>) throws(FormatError) {
        self = try FieldReader.read(Self.self, from: bytes, in: range)
    }

    /// The canonical bytes of the message, those that the Go engine would write.
    package func encoded() -> [UInt8] {
        var writer = FieldWriter()
        writer.output.reserveCapacity(512)
        writer.write(self)
        return writer.output.bytes
    }
}

extension Timestamp {
    /// Go's zero time, the beginning of year 1: "not set".
    package static let goZero = Timestamp(seconds: -62_135_596_800)
}
