package import ConnectorKit

/// A message whose fields are listed once, in the order of the wire; reading and writing both follow that list.
package protocol MessagePackStructure: Sendable {
    /// The value in which every field is zero, as fields stay that are missing in the input.
    static var unset: Self { get }

    /// Names every field in the order in which it is written (the tables of the Kloset messages document).
    mutating func visitFields(_ fields: inout some FieldVisitor)
}

/// When a field is written.
package enum FieldPresence: Sendable {
    case always
    /// Left out together with its key when the value is empty, zero or false ("oe" in the tables).
    case unlessEmpty
}

/// How a list without elements is written.
package enum EmptyList: Sendable {
    /// Go's nil slice, `c0`.
    case asNil
    /// `90`, or `c4 00` for bytes.
    case asEmpty
    /// The field is left out.
    case omitted
}

/// What can be done with the fields of a message: count, write or read them. Methods are named after the types of
/// the Kloset messages document, section 1.1.
package protocol FieldVisitor {
    mutating func u8(_ name: StaticString, _ value: inout UInt8)
    mutating func u16(_ name: StaticString, _ value: inout UInt16)
    mutating func u32(_ name: StaticString, _ value: inout UInt32, _ presence: FieldPresence)
    mutating func u64(_ name: StaticString, _ value: inout UInt64, _ presence: FieldPresence)
    mutating func i64(_ name: StaticString, _ value: inout Int64, _ presence: FieldPresence)
    /// Go's plain `int`.
    mutating func int(_ name: StaticString, _ value: inout Int)
    mutating func f64(_ name: StaticString, _ value: inout Double, _ presence: FieldPresence)
    mutating func bool(_ name: StaticString, _ value: inout Bool)
    mutating func string(_ name: StaticString, _ value: inout [UInt8], _ presence: FieldPresence)
    /// Left out when nil.
    mutating func optionalString(_ name: StaticString, _ value: inout ByteString?)
    /// Left out when nil.
    mutating func optionalStrings(_ name: StaticString, _ value: inout [ByteString]?)
    mutating func bytes(_ name: StaticString, _ value: inout [UInt8], _ empty: EmptyList)
    /// Never left out, all zero when unset.
    mutating func mac(_ name: StaticString, _ value: inout MAC)
    /// Left out when nil.
    mutating func optionalMAC(_ name: StaticString, _ value: inout MAC?)
    mutating func uuid(_ name: StaticString, _ value: inout RepositoryID)
    mutating func time(_ name: StaticString, _ value: inout Timestamp)
    /// An absolute clean path; reading anything else fails.
    mutating func path(_ name: StaticString, _ value: inout BytePath)
    mutating func structure<S: MessagePackStructure>(
        _ name: StaticString, _ value: inout S, _ presence: FieldPresence)
    /// A pointer: nil is `c0`, or left out.
    mutating func pointer<S: MessagePackStructure>(_ name: StaticString, _ value: inout S?, _ presence: FieldPresence)
    mutating func strings(_ name: StaticString, _ value: inout [[UInt8]], _ empty: EmptyList)
    mutating func macs(_ name: StaticString, _ value: inout [MAC], _ empty: EmptyList)
    mutating func structures<S: MessagePackStructure>(
        _ name: StaticString, _ value: inout [S], _ empty: EmptyList)
}

extension FieldVisitor {
    mutating func u32(_ name: StaticString, _ value: inout UInt32) { u32(name, &value, .always) }
    mutating func u64(_ name: StaticString, _ value: inout UInt64) { u64(name, &value, .always) }
    mutating func i64(_ name: StaticString, _ value: inout Int64) { i64(name, &value, .always) }
    mutating func f64(_ name: StaticString, _ value: inout Double) { f64(name, &value, .always) }
    mutating func string(_ name: StaticString, _ value: inout [UInt8]) { string(name, &value, .always) }

    mutating func string(_ name: StaticString, _ value: inout ByteString, _ presence: FieldPresence = .always) {
        string(name, &value.bytes, presence)
    }

    mutating func version(_ name: StaticString, _ value: inout FormatVersion) { u32(name, &value.rawValue, .always) }

    mutating func structure(_ name: StaticString, _ value: inout some MessagePackStructure) {
        structure(name, &value, .always)
    }

    mutating func pointer<S: MessagePackStructure>(_ name: StaticString, _ value: inout S?) {
        pointer(name, &value, .always)
    }

    mutating func strings(_ name: StaticString, _ value: inout [ByteString], _ empty: EmptyList) {
        var raw = value.map(\.bytes)
        strings(name, &raw, empty)
        value = raw.map { ByteString($0) }
    }
}
