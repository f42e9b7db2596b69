// swift-tools-version: 6.1
import PackageDescription

#if canImport(Glibc)
    import Glibc

    /// Loaders read packed relocations from glibc 2.36 on.
    let packedRelocations: [String] = {
        var name = [CChar](repeating: 0, count: 64)
        // "glibc 2.36"
        confstr(Int32(_CS_GNU_LIBC_VERSION), &name, name.count)
        let version =
            name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }.split(separator: UInt8(ascii: " ")).last ?? []
        let numbers = version.split(separator: UInt8(ascii: ".")).compactMap {
            Int(String(decoding: $0, as: UTF8.self))
        }
        return numbers.lexicographicallyPrecedes([2, 36]) ? [] : ["-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"]
    }()
#else
    let packedRelocations: [String] = []
#endif

// ARCHITECTURE.md says what each target is for and what it may import; ArchitectureTests holds us to it.
// Targets stand in the order of their layers: each may depend only on what stands above it.

// The released program needs no Swift where it runs, starts in half the time and with less memory. The libraries after
// the first word are what the static Foundation is made of; lld does not need half a minute for it. Exported symbols and plain
// relocations would be megabytes that every start reads.
let selfContained: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-static-stdlib", "-use-ld=lld", "-lCoreFoundation", "-l_FoundationICU", "-l_FoundationCShims",
            "-l_FoundationCollections", "-Xlinker", "--no-export-dynamic",
        ] + packedRelocations, .when(platforms: [.linux], configuration: .release))
]

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

func system(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// scripts/fuzz builds the readers of stored bytes alone, for libFuzzer.
let isFuzzing = Context.environment["FASTI_FUZZ"] != nil

let package = Package(
    name: "fasti",
    products: [
        .executable(name: "fasti", targets: ["fasti"]),
        .library(name: "Kloset", targets: ["Kloset"]),
        .library(name: "ConnectorKit", targets: ["ConnectorKit"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // Layer 0: C libraries and kernels
        system("CArgon2", pkgConfig: "libargon2", apt: "libargon2-dev"),
        system("CCrypt", pkgConfig: "libxcrypt", apt: "libcrypt-dev"),
        system("CDeflate", pkgConfig: "libdeflate", apt: "libdeflate-dev"),
        system("CExpat", pkgConfig: "expat", apt: "libexpat1-dev"),
        system("CLZ4", pkgConfig: "liblz4", apt: "liblz4-dev"),
        system("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
        system("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
        .target(name: "CBLAKE3Kernels"),
        .target(name: "CPOSIX"),

        // Layer 1: pure building blocks
        module("BLAKE3", ["CBLAKE3Kernels"]),
        module("Compression", ["CDeflate", "CLZ4", "CZlib", "CZstd"]),
        module("XMLStream", ["CExpat"]),
        module("ContentLines"),
        module("ICalendar", ["ContentLines"]),
        module("VCard", ["ContentLines"]),
        module("ConnectorKit"),
        module("KlosetFormat", ["BLAKE3", "ConnectorKit"]),

        // Layer 2: stores
        module("GitObjects", ["CPOSIX", "Compression", crypto]),
        module("CollectionStore", ["CPOSIX", "GitObjects", "ICalendar", "VCard"]),
        module("ObjectMeaning", ["ContentLines", "ICalendar", "VCard"]),
        module(
            "Kloset",
            ["BLAKE3", "CArgon2", "CPOSIX", "Compression", "ConnectorKit", "KlosetFormat", crypto, cryptoExtras]),

        // Layer 3: protocols
        module("WebDAV", ["XMLStream", httpTypes]),

        // Layer 4: services and connectors
        module("Accounts", ["CArgon2", "CCrypt", crypto]),
        module(
            "DAVService",
            ["CollectionStore", "ContentLines", "ICalendar", "VCard", "WebDAV", "XMLStream", httpTypes, logging]),
        module(
            "GitTransport",
            ["CPOSIX", "CollectionStore", "Compression", "GitObjects", httpTypes, logging, nioCore, nioPosix]),
        module("BackupEngine", ["Compression", "ConnectorKit", "Kloset", "KlosetFormat"]),
        module("DAVClient", ["WebDAV", "XMLStream", asyncHTTPClient, crypto, httpTypes, nioCore, nioHTTP1]),
        module(
            "DAVConnector", ["ConnectorKit", "ContentLines", "DAVClient", "WebDAV", "XMLStream", crypto, httpTypes]),
        module("FileConnector", ["CPOSIX", "ConnectorKit"]),
        module("FastiConfiguration", ["ConnectorKit", yams]),

        // Layer 5: edges
        module(
            "HTTPFront",
            [
                "Accounts", "CollectionStore", "DAVService", "GitTransport", "WebDAV", hummingbird, hummingbirdCore,
                hummingbirdTLS, httpTypes, logging,
                nioCore, nioHTTP1, nioPosix, nioSSL, serviceLifecycle,
            ]),
        module(
            "FastiCommands",
            [
                "Accounts", "BackupEngine", "BLAKE3", "CPOSIX", "CollectionStore", "Compression", "ConnectorKit",
                "DAVClient",
                "DAVConnector",
                "DAVService", "FastiConfiguration", "FileConnector", "GitTransport", "HTTPFront", "ICalendar",
                "Kloset", "KlosetFormat", "ObjectMeaning", argumentParser, crypto, httpTypes, logging, serviceLifecycle,
                unixSignals,
            ]),

        // Layer 6: programs
        .executableTarget(
            name: "fasti", dependencies: ["FastiCommands"], swiftSettings: settings, linkerSettings: selfContained),
        .executableTarget(
            name: "KernelBenchmarks",
            dependencies: ["BLAKE3", "Compression", "ConnectorKit", "Kloset", "KlosetFormat", crypto],
            path: "Benchmarks/Kernels", swiftSettings: settings),

        // Tests
        .target(
            name: "FuzzTargets", dependencies: ["Compression", "ConnectorKit", "KlosetFormat"], path: "Fuzz/Targets",
            swiftSettings: settings + (isFuzzing ? [.define("FUZZING")] : [])),
        .target(name: "PeerPrograms", path: "Tests/PeerPrograms", swiftSettings: settings),
        .target(name: "SeededNumbers", path: "Tests/SeededNumbers", swiftSettings: settings),
        tests("AccountsTests", ["Accounts"]),
        tests("ArchitectureTests", ["PeerPrograms"]),
        tests("BackupEngineTests", ["BackupEngine", "ConnectorKit", "Kloset", "KlosetFormat", "SeededNumbers"]),
        tests("BLAKE3Tests", ["BLAKE3"], resources: [.copy("Vectors")]),
        tests("ChunkingTests", ["BLAKE3", "KlosetFormat", crypto]),
        tests("CollectionStoreTests", ["CollectionStore", "GitObjects", "PeerPrograms", "SeededNumbers"]),
        tests("CompressionTests", ["Compression"]),
        tests("JourneyTests", ["PeerPrograms", "SeededNumbers", "WebDAV", "XMLStream", httpTypes]),
        tests("ConnectorKitTests", ["ConnectorKit"]),
        tests("ContentLinesTests", ["ContentLines"]),
        tests("DAVClientTests", ["DAVClient", "WebDAV", "XMLStream", httpTypes]),
        tests(
            "DAVConnectorTests",
            [
                "ConnectorKit", "DAVClient", "DAVConnector", "PeerPrograms", "SeededNumbers", "WebDAV", "XMLStream",
                httpTypes,
            ]),
        tests(
            "DAVServiceTests",
            ["CollectionStore", "DAVService", "WebDAV", "XMLStream", httpTypes, logging]),
        tests(
            "FastiCommandsTests",
            ["BackupEngine", "ConnectorKit", "FastiCommands", "HTTPFront", "Kloset", "PeerPrograms"]),
        tests("FastiConfigurationTests", ["ConnectorKit", "FastiConfiguration"]),
        tests("HTTPFrontTests", ["HTTPFront", nioCore]),
        tests("FileConnectorTests", ["CPOSIX", "ConnectorKit", "FileConnector"]),
        tests("ICalendarTests", ["ContentLines", "ICalendar", "SeededNumbers"]),
        tests("FuzzTests", ["FuzzTargets", "SeededNumbers"]),
        tests("GitObjectsTests", ["GitObjects", "PeerPrograms", "SeededNumbers"]),
        tests("GitTransportTests", ["CollectionStore", "GitTransport", "PeerPrograms", logging]),
        tests("KlosetFormatTests", ["ConnectorKit", "KlosetFormat", "SeededNumbers"]),
        tests(
            "KlosetTests", ["BLAKE3", "Compression", "ConnectorKit", "Kloset", "KlosetFormat", "SeededNumbers", crypto]),
        tests("ObjectMeaningTests", ["ContentLines", "ICalendar", "ObjectMeaning"]),
        tests("VCardTests", ["ContentLines", "VCard"]),
        tests("WebDAVTests", ["SeededNumbers", "WebDAV", "XMLStream", httpTypes], resources: [.copy("Vectors")]),
        tests("XMLStreamTests", ["SeededNumbers", "XMLStream"]),
    ],
    swiftLanguageModes: [.v6]
)

if isFuzzing {
    let readers: Set = [
        "BLAKE3", "CBLAKE3Kernels", "CDeflate", "CLZ4", "CZlib", "CZstd", "Compression", "ConnectorKit", "FuzzTargets",
        "KlosetFormat",
    ]
    package.targets.removeAll { !readers.contains($0.name) }
    package.products = [.library(name: "FuzzTargets", type: .static, targets: ["FuzzTargets"])]
    package.dependencies = []
}
