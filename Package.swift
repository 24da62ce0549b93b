// swift-tools-version: 6.2
import PackageDescription

/// Every own target: Swift 6 mode, each warning an error.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
]

/// A room: what it may import is checked by Tests/ArchitectureTests. Rooms that call C cannot ask for strict memory safety.
func room(_ name: String, callsC: Bool = false, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: callsC ? strict : strict + [.strictMemorySafety()])
}

/// A room that is one C header.
func header(_ name: String) -> Target { .systemLibrary(name: name, path: "Sources/\(name)") }

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS: Target.Dependency = .product(name: "HummingbirdTLS", package: "hummingbird")
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOTLS", package: "swift-nio"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
]

let package = Package(
    name: "assay",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "assay", targets: ["assay"]),
        // For Benchmarks/, a package of its own.
        .library(
            name: "AssayNode",
            targets: [
                "Basics", "PKIX", "Proofs", "Profiles", "Approval", "Access", "API", "Client", "Registration", "Node", "Storage",
                "Transparency", "Factors",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // values
        room("Basics", [crypto]),
        room("PKIX", ["Basics", crypto, cryptoExtras]),
        room("Proofs", ["Basics", crypto]),
        room("Profiles", ["Basics", "PKIX"]),
        room("Approval", ["Basics", "PKIX", "Proofs", "Profiles", crypto]),
        room("Wire", ["Basics"]),
        header("CGMP"),
        room("Factors", callsC: true, ["Basics", "CGMP"]),
        // effects
        header("CPKCS11"),
        room("Custody", callsC: true, ["Basics", "PKIX", "Proofs", "Approval", "CPKCS11", crypto, cryptoExtras]),
        header("CSQLite"),
        room("Storage", callsC: true, ["Basics", "Proofs", "CSQLite", grdb]),
        room("Transparency", ["Basics", "PKIX", "Proofs", "Approval", "Custody", "Storage"]),
        // services
        room("Access", ["Basics", "PKIX", "Proofs", "Approval", "Custody", "Storage", "Transparency", crypto]),
        room("Policies", ["Basics", "Access", "PKIX", "Proofs", "Profiles", "Approval", "Custody", "Storage", "Transparency"]),
        room("Authorities", ["Basics", "Access", "PKIX", "Proofs", "Profiles", "Approval", "Custody", "Storage", "Transparency"]),
        room(
            "Registration",
            ["Basics", "Access", "PKIX", "Proofs", "Profiles", "Approval", "Custody", "Storage", "Transparency", "Authorities", "Factors"]),
        // edges
        room(
            "API",
            [
                "Basics", "PKIX", "Proofs", "Profiles", "Approval", "Wire", "Access", "Policies", "Authorities", "Registration",
                "Transparency", hummingbird, hummingbirdCore, hummingbirdTLS, logging,
            ] + nio),
        // programs
        room("Client", callsC: true, ["Basics", "PKIX", "Proofs", "Profiles", "Approval", "Wire", crypto, cryptoExtras, "Yams"] + nio),
        room(
            "Node", callsC: true,
            [
                "Basics", "PKIX", "Proofs", "Profiles", "Approval", "Wire", "Custody", "Storage", "Transparency", "Access", "Policies",
                "Authorities", "Registration", "API", crypto, hummingbird, hummingbirdTLS, logging,
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ] + nio),
        .executableTarget(
            name: "assay",
            dependencies: [
                "Basics", "PKIX", "Proofs", "Profiles", "Approval", "Wire", "Client", "Node", "API", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        // tests
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        tests("BasicsTests", ["Basics"]),
        tests("PKIXTests", ["Basics", "PKIX", crypto], resources: [.copy("Golden")]),
        tests("ProofsTests", ["Basics", "Proofs", crypto]),
        tests("ProfilesTests", ["Basics", "PKIX", "Profiles", crypto]),
        tests("ApprovalTests", ["Basics", "PKIX", "Proofs", "Profiles", "Approval", crypto]),
        tests("FactorsTests", ["Basics", "Factors"]),
        tests("CustodyTests", ["Basics", "PKIX", "Proofs", "Profiles", "Approval", "Custody", "TestSupport", crypto]),
        tests("StorageTests", ["Basics", "Proofs", "Storage", grdb]),
        tests(
            "ServicesTests",
            [
                "Basics", "PKIX", "Proofs", "Profiles", "Approval", "Custody", "Storage", "Transparency", "Access", "Policies",
                "Authorities", "Registration", "Wire", "API", "Client", "Node", "TestSupport", crypto, grdb, logging,
            ]),
        tests("ClientTests", ["Basics", "PKIX", "Proofs", "Profiles", "Approval", "Wire", "Client", crypto] + nio),
        tests("EdgeTests", ["Basics", "PKIX", "Approval", "Wire", "Access", "API", "Client", "Node", crypto, logging] + nio),
        tests("ArchitectureTests", []),
        tests("InteropTests", ["Basics", "PKIX", "Proofs", "Profiles", "TestSupport"]),
    ]
)
