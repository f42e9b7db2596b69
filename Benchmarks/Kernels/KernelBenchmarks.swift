import BLAKE3
import Compression
import ConnectorKit
import Crypto
import Kloset
import KlosetFormat

/// Prints how fast the kernels of a backup are on one thread, beside what the machine can do at most, and what the
/// whole of a backup makes of that. `docs/performance.md` says how to read it.
@main
struct KernelBenchmarks {
    private static let size = 64 << 20
    private static let seed = Array("fasti kernel benchmarks".utf8)

    static func main() async throws {
        var hasher = BLAKE3Hasher()
        hasher.update(seed)
        let random = hasher.finalize(count: size)
        let key = BLAKE3Hasher.hash(seed)
        print("One thread, \(size >> 20) MiB of random bytes, processor time, best of several runs\n")
        try await limits(random, key)
        let costs = try await kernels(random, key)
        try await pipeline(random, costs)
    }

    private static func limits(_ random: [UInt8], _ key: [UInt8]) async throws {
        print("What the machine can do")
        var copy = random
        show(
            "memory copy",
            await Stopwatch.rate(bytes: size) { copy.withUnsafeMutableBytes { $0.copyBytes(from: random) } })
        let symmetric = SymmetricKey(data: key)
        let segment = random.prefix(65_536)
        show(
            "AES-256-GCM seal, 64 KiB",
            try await Stopwatch.rate(bytes: size) {
                for _ in 0..<size / 65_536 { _ = try AES.GCM.seal(segment, using: symmetric) }
            })
    }

    /// - Returns: seconds per byte of everything that a byte passes through on its way into an encrypted store.
    private static func kernels(_ random: [UInt8], _ key: [UInt8]) async throws -> Double {
        print("\nKernels")
        for kernel in BLAKE3Kernel.allCases where kernel.isAvailable {
            let rate = await Stopwatch.rate(bytes: size) {
                var hasher = BLAKE3Hasher(key: key, kernel: kernel)
                hasher?.update(random)
                _ = hasher?.finalize()
            }
            show("BLAKE3, \(kernel)", rate, target: kernel == .best ? 2.5 : nil)
        }
        let hash = await Stopwatch.rate(bytes: size) { _ = BLAKE3Hasher.keyedHash(key: key, random) }
        let cut = await Stopwatch.rate(bytes: size) { cutAll(random) }
        show("FastCDC, as stores have it", cut, target: 2)
        let stream = SegmentStream(masterKey: SymmetricKey(data: key))
        let blob = Array(random.prefix(1 << 20))
        let seal = try await Stopwatch.rate(bytes: size) {
            for _ in 0..<size >> 20 { _ = try stream.seal(blob) }
        }
        show("AES-256-GCM-SIV seal, blobs of 1 MiB", seal, target: 2)
        let sealed = try stream.seal(blob)
        show(
            "AES-256-GCM-SIV open",
            try await Stopwatch.rate(bytes: size) { for _ in 0..<size >> 20 { _ = try stream.open(sealed) } })
        let entropy = await Stopwatch.rate(bytes: size) { _ = Entropy.bitsPerByte(random) }
        show("entropy", entropy)
        let compress = try await Stopwatch.rate(bytes: size) {
            for _ in 0..<size >> 20 { _ = try LZ4Frame.compress(blob) }
        }
        show("LZ4 frame, incompressible", compress)
        // A byte is hashed in its chunk, in its file and in its packfile.
        return 3 / hash + 1 / cut + 1 / entropy + 1 / compress + 1 / seal
    }

    private static func cutAll(_ bytes: [UInt8]) {
        guard let cutter = FastCDC(.version1, minimum: 512 << 10, normal: 1 << 20, maximum: 8 << 20) else { return }
        var rest = bytes.span
        while !rest.isEmpty { rest = rest.extracting(droppingFirst: cutter.nextCut(in: rest)) }
    }

    private static func pipeline(_ random: [UInt8], _ costs: Double) async throws {
        print("\nThe whole of a backup into an encrypted store, of one large file")
        show("sum of the kernels", 1 / costs)
        let pieces = stride(from: 0, to: size, by: 1 << 20).map { Array(random[$0..<$0 + 1 << 20]) }
        var options = RepositoryOptions()
        options.keyDerivation.memory = 8
        options.keyDerivation.passes = 1
        let repository = try await Repository.create(
            in: DiscardingStore(), options, passphrase: Array("passphrase".utf8))
        let rate = try await Stopwatch.rate(bytes: size) { try await backUp(pieces, repository) }
        show("measured, the store discards", rate)
        print("  the pipeline reaches \(Int(rate * costs * 100)) % of what its kernels allow")
    }

    private static func backUp(_ pieces: [[UInt8]], _ repository: Repository) async throws {
        let identity = ConnectorIdentity(type: "benchmark", origin: "memory", root: "/")
        let writer = try await repository.writer(SnapshotDescription(identity: identity), parent: nil)
        let info = FileInfo(
            name: [], size: Int64(size), mode: .regular(permissions: 0o600), modificationTime: .epoch, linkCount: 1)
        let record = Record(path: "/file", info: info, content: .onDemand)
        _ = try await writer.add(record) { PieceReader(pieces) }
        _ = try await writer.commit()
    }

    /// - Parameter target: GB/s.
    private static func show(_ name: String, _ rate: Double, target: Double? = nil) {
        let hundredths = Int((rate / 1e7).rounded())
        let fraction = hundredths % 100
        let number = "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
        let goal = target.map { "   (aim: \($0))" } ?? ""
        let dots = String(repeating: ".", count: max(1, 44 - name.count))
        print("  \(name) \(dots) \(number) GB/s\(goal)")
    }
}
