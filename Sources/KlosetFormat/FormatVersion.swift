/// The version of one stored resource (Kloset format, section 1).
public struct FormatVersion: RawRepresentable, Hashable, Sendable {
    /// major << 16 | minor << 8 | patch.
    public var rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Tree nodes, tree roots and everything the engine does not version.
    public static let none = FormatVersion(rawValue: 0)
    // swift-format-ignore: AlwaysUseLowerCamelCase
    public static let v1_0_0 = FormatVersion(rawValue: 0x00_01_00_00)
    // swift-format-ignore: AlwaysUseLowerCamelCase
    public static let v1_1_0 = FormatVersion(rawValue: 0x00_01_01_00)
}

extension FormatVersion: Comparable, CustomStringConvertible {
    public static func < (a: FormatVersion, b: FormatVersion) -> Bool { a.rawValue < b.rawValue }

    public var description: String { "\(rawValue >> 16).\(rawValue >> 8 & 0xFF).\(rawValue & 0xFF)" }
}
