#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Measures in processor time, so that what else the machine does hardly matters.
enum Stopwatch {
    /// Bytes per second of processor time of the quickest of several runs.
    static func rate(bytes: Int, runs: Int = 5, _ body: () async throws -> Void) async rethrows -> Double {
        var best = Double.infinity
        for _ in 0..<runs {
            let start = now()
            try await body()
            best = min(best, now() - start)
        }
        return Double(bytes) / best
    }

    /// Seconds of processor time that this process has used.
    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
