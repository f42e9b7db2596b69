#if FUZZING
    // What libFuzzer calls. Only `scripts/fuzz` builds this part.

    internal import Glibc

    /// FASTI_FUZZ_TARGET names the reader that is tried.
    private let target: FuzzTarget = {
        let name = getenv("FASTI_FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let found = FuzzTarget.all.first(where: { $0.name == name }) else {
            print("FASTI_FUZZ_TARGET must be one of", FuzzTarget.all.map(\.name).joined(separator: ", "))
            exit(2)
        }
        return found
    }()

    @_cdecl("LLVMFuzzerTestOneInput")
    public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        do throws(BrokenPromise) {
            try target.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
        } catch {
            print("Broken promise of \(target.name): \(error)")
            abort()
        }
        return 0
    }
#endif
