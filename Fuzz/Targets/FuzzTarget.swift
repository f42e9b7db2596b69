/// A reader of untrusted bytes, to be tried with any input.
///
/// The same functions run under libFuzzer (`scripts/fuzz`) and, over the inputs in `Fuzz/Regressions`, in the tests.
package struct FuzzTarget: Sendable {
    /// The name of its folder in `Fuzz/Regressions`.
    package let name: String
    /// Reads the input. Errors of the readers are expected and stay inside; what leaves is a ``BrokenPromise``.
    package let run: @Sendable ([UInt8]) throws(BrokenPromise) -> Void

    init(_ name: String, _ run: @escaping @Sendable ([UInt8]) throws(BrokenPromise) -> Void) {
        self.name = name
        self.run = run
    }

    package static let all = [
        configuration, message, node, packfile, state, dirpack, archive, lz4, gzip, zlib, zstandard, chunking,
    ]
}

/// Something that must hold for every input and did not.
package struct BrokenPromise: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

func promise(_ holds: Bool, _ description: @autoclosure () -> String) throws(BrokenPromise) {
    if !holds { throw BrokenPromise(description()) }
}

/// The result of a reader, or nil for an error that it throws, as it may.
func expected<Value>(_ read: () throws -> Value) -> Value? { try? read() }
