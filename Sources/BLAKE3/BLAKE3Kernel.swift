internal import CBLAKE3Kernels

/// A way to hash many chunks side by side. All give the same result; they differ in speed.
package enum BLAKE3Kernel: CaseIterable, Sendable {
    case portable
    /// Four lanes: SSE4.1 or NEON.
    case vector128
    /// Eight lanes.
    case avx2
    /// Sixteen lanes.
    case avx512

    /// Whether this processor can run it.
    package var isAvailable: Bool { cblake3_kernel_is_available(raw) }

    /// The fastest that this processor can run.
    package static let best = allCases.last(where: \.isAvailable) ?? .portable

    var raw: cblake3_kernel {
        switch self {
        case .portable: CBLAKE3_PORTABLE
        case .vector128: CBLAKE3_VECTOR128
        case .avx2: CBLAKE3_AVX2
        case .avx512: CBLAKE3_AVX512
        }
    }
}
