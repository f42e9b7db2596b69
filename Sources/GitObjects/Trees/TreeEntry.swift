/// One entry of a git tree.
package struct TreeEntry: Hashable, Sendable {
    package var mode: Mode
    /// Without `/` and NUL; git does not demand UTF-8.
    package var name: [UInt8]
    package var id: ObjectID

    package init(mode: Mode, name: [UInt8], id: ObjectID) {
        self.mode = mode
        self.name = name
        self.id = id
    }

    /// The file modes git stores; others are kept as they are read.
    package struct Mode: Hashable, Sendable {
        package let bits: UInt32
        package init(bits: UInt32) { self.bits = bits }

        package static let regular = Mode(bits: 0o100644)
        package static let executable = Mode(bits: 0o100755)
        package static let symbolicLink = Mode(bits: 0o120000)
        package static let submodule = Mode(bits: 0o160000)
        package static let tree = Mode(bits: 0o040000)

        package var isTree: Bool { bits & 0o170000 == 0o040000 }
        package var isRegularFile: Bool { bits & 0o170000 == 0o100000 }
    }
}
