internal import ConnectorKit

/// Counts the fields that will be written, which the head of the map tells before them.
struct FieldCounter: FieldVisitor {
    private var count = 0

    static func count(_ value: inout some MessagePackStructure) -> Int {
        var counter = FieldCounter()
        value.visitFields(&counter)
        return counter.count
    }

    mutating func u8(_ name: StaticString, _ value: inout UInt8) { count += 1 }
    mutating func u16(_ name: StaticString, _ value: inout UInt16) { count += 1 }
    mutating func u32(_ name: StaticString, _ value: inout UInt32, _ presence: FieldPresence) {
        add(presence, isEmpty: value == 0)
    }
    mutating func u64(_ name: StaticString, _ value: inout UInt64, _ presence: FieldPresence) {
        add(presence, isEmpty: value == 0)
    }
    mutating func i64(_ name: StaticString, _ value: inout Int64, _ presence: FieldPresence) {
        add(presence, isEmpty: value == 0)
    }
    mutating func int(_ name: StaticString, _ value: inout Int) { count += 1 }
    mutating func f64(_ name: StaticString, _ value: inout Double, _ presence: FieldPresence) {
        add(presence, isEmpty: value == 0)
    }
    mutating func bool(_ name: StaticString, _ value: inout Bool) { count += 1 }
    mutating func string(_ name: StaticString, _ value: inout [UInt8], _ presence: FieldPresence) {
        add(presence, isEmpty: value.isEmpty)
    }
    mutating func optionalString(_ name: StaticString, _ value: inout ByteString?) {
        add(.unlessEmpty, isEmpty: value == nil)
    }
    mutating func optionalStrings(_ name: StaticString, _ value: inout [ByteString]?) {
        add(.unlessEmpty, isEmpty: value == nil)
    }
    mutating func bytes(_ name: StaticString, _ value: inout [UInt8], _ empty: EmptyList) {
        add(empty, isEmpty: value.isEmpty)
    }
    mutating func mac(_ name: StaticString, _ value: inout MAC) { count += 1 }
    mutating func optionalMAC(_ name: StaticString, _ value: inout MAC?) {
        add(.unlessEmpty, isEmpty: value == nil)
    }
    mutating func uuid(_ name: StaticString, _ value: inout RepositoryID) { count += 1 }
    mutating func time(_ name: StaticString, _ value: inout Timestamp) { count += 1 }
    mutating func path(_ name: StaticString, _ value: inout BytePath) { count += 1 }
    mutating func structure<S: MessagePackStructure>(
        _ name: StaticString, _ value: inout S, _ presence: FieldPresence
    ) {
        add(presence, isEmpty: presence == .unlessEmpty && FieldCounter.count(&value) == 0)
    }
    mutating func pointer<S: MessagePackStructure>(
        _ name: StaticString, _ value: inout S?, _ presence: FieldPresence
    ) {
        add(presence, isEmpty: value == nil)
    }
    mutating func strings(_ name: StaticString, _ value: inout [[UInt8]], _ empty: EmptyList) {
        add(empty, isEmpty: value.isEmpty)
    }
    mutating func macs(_ name: StaticString, _ value: inout [MAC], _ empty: EmptyList) {
        add(empty, isEmpty: value.isEmpty)
    }
    mutating func structures<S: MessagePackStructure>(
        _ name: StaticString, _ value: inout [S], _ empty: EmptyList
    ) {
        add(empty, isEmpty: value.isEmpty)
    }

    private mutating func add(_ presence: FieldPresence, isEmpty: Bool) {
        if presence == .always || !isEmpty { count += 1 }
    }

    private mutating func add(_ empty: EmptyList, isEmpty: Bool) {
        if empty != .omitted || !isEmpty { count += 1 }
    }
}
