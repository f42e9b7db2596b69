/// How the keys of a tree are ordered (Kloset format, section 9.4).
package enum TreeOrder: Sendable {
    /// By the number of slashes, then bytewise: the engine's `PathCmp`. All children of a directory lie together.
    /// For the trees of entries and, when writing, of extended attributes.
    case byDepth
    /// For every other tree.
    case bytewise

    package func precedes(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        if self == .byDepth {
            let depths = (Self.slashes(a), Self.slashes(b))
            if depths.0 != depths.1 { return depths.0 < depths.1 }
        }
        return a.lexicographicallyPrecedes(b)
    }

    private static func slashes(_ path: [UInt8]) -> Int {
        var count = 0
        for byte in path where byte == UInt8(ascii: "/") { count &+= 1 }
        return count
    }
}
