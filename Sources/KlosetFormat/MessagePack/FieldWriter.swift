internal import ConnectorKit

/// Writes the fields of a message that are to be written, in their order.
struct FieldWriter: FieldVisitor {
    var output = MessagePackWriter()

    /// Writes the map of a whole message.
    mutating func write<S: MessagePackStructure>(_ value: S) {
        var value = value
        output.writeMapHeader(FieldCounter.count(&value))
        value.visitFields(&self)
    }

    mutating func u8(_ name: StaticString, _ value: inout UInt8) {
        output.writeKey(name)
        output.write(value)
    }

    mutating func u16(_ name: StaticString, _ value: inout UInt16) {
        output.writeKey(name)
        output.write(value)
    }

    mutating func u32(_ name: StaticString, _ value: inout UInt32, _ presence: FieldPresence) {
        guard presence == .always || value != 0 else { return }
        output.writeKey(name)
        output.write(value)
    }

    mutating func u64(_ name: StaticString, _ value: inout UInt64, _ presence: FieldPresence) {
        guard presence == .always || value != 0 else { return }
        output.writeKey(name)
        output.write(value)
    }

    mutating func i64(_ name: StaticString, _ value: inout Int64, _ presence: FieldPresence) {
        guard presence == .always || value != 0 else { return }
        output.writeKey(name)
        output.write(value)
    }

    mutating func int(_ name: StaticString, _ value: inout Int) {
        output.writeKey(name)
        output.writeCompact(value)
    }

    mutating func f64(_ name: StaticString, _ value: inout Double, _ presence: FieldPresence) {
        guard presence == .always || value != 0 else { return }
        output.writeKey(name)
        output.write(value)
    }

    mutating func bool(_ name: StaticString, _ value: inout Bool) {
        output.writeKey(name)
        output.write(value)
    }

    mutating func string(_ name: StaticString, _ value: inout [UInt8], _ presence: FieldPresence) {
        guard presence == .always || !value.isEmpty else { return }
        output.writeKey(name)
        output.writeString(value)
    }

    mutating func optionalString(_ name: StaticString, _ value: inout ByteString?) {
        guard let value else { return }
        output.writeKey(name)
        output.writeString(value.bytes)
    }

    mutating func optionalStrings(_ name: StaticString, _ value: inout [ByteString]?) {
        guard let value else { return }
        output.writeKey(name)
        output.writeArrayHeader(value.count)
        for element in value { output.writeString(element.bytes) }
    }

    mutating func bytes(_ name: StaticString, _ value: inout [UInt8], _ empty: EmptyList) {
        guard begin(name, isEmpty: value.isEmpty, empty) else { return }
        output.writeBinary(value)
    }

    mutating func mac(_ name: StaticString, _ value: inout MAC) {
        output.writeKey(name)
        output.write(value)
    }

    mutating func optionalMAC(_ name: StaticString, _ value: inout MAC?) {
        guard let value else { return }
        output.writeKey(name)
        output.write(value)
    }

    mutating func uuid(_ name: StaticString, _ value: inout RepositoryID) {
        output.writeKey(name)
        output.writeBinary(value.bytes)
    }

    mutating func time(_ name: StaticString, _ value: inout Timestamp) {
        output.writeKey(name)
        output.write(value)
    }

    mutating func path(_ name: StaticString, _ value: inout BytePath) {
        output.writeKey(name)
        output.writeString(value.bytes)
    }

    mutating func structure<S: MessagePackStructure>(
        _ name: StaticString, _ value: inout S, _ presence: FieldPresence
    ) {
        guard presence == .always || FieldCounter.count(&value) > 0 else { return }
        output.writeKey(name)
        write(value)
    }

    mutating func pointer<S: MessagePackStructure>(
        _ name: StaticString, _ value: inout S?, _ presence: FieldPresence
    ) {
        guard presence == .always || value != nil else { return }
        output.writeKey(name)
        if let value { write(value) } else { output.writeNil() }
    }

    mutating func strings(_ name: StaticString, _ value: inout [[UInt8]], _ empty: EmptyList) {
        guard begin(name, isEmpty: value.isEmpty, empty) else { return }
        output.writeArrayHeader(value.count)
        for element in value { output.writeString(element) }
    }

    mutating func macs(_ name: StaticString, _ value: inout [MAC], _ empty: EmptyList) {
        guard begin(name, isEmpty: value.isEmpty, empty) else { return }
        output.writeArrayHeader(value.count)
        for element in value { output.write(element) }
    }

    mutating func structures<S: MessagePackStructure>(
        _ name: StaticString, _ value: inout [S], _ empty: EmptyList
    ) {
        guard begin(name, isEmpty: value.isEmpty, empty) else { return }
        output.writeArrayHeader(value.count)
        for element in value { write(element) }
    }

    /// Writes the key of a list, and nil for an empty one that is nil; false when nothing is to follow.
    private mutating func begin(_ name: StaticString, isEmpty: Bool, _ empty: EmptyList) -> Bool {
        guard isEmpty else {
            output.writeKey(name)
            return true
        }
        guard empty != .omitted else { return false }
        output.writeKey(name)
        if empty == .asNil { output.writeNil() }
        return empty == .asEmpty
    }
}
