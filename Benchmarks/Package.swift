// swift-tools-version: 6.2
import PackageDescription

/// Measured apart, in a release build, so that a normal build does not see it: `make bench`.
let package = Package(
    name: "assay-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "assay", path: ".."),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        // The least program in C that signs with a key in a token.
        .target(name: "CLoop", cSettings: [.unsafeFlags(["-O2"])]),
        .executableTarget(
            name: "bench",
            dependencies: [
                "CLoop",
                .product(name: "AssayNode", package: "assay"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: [.swiftLanguageMode(.v6)]),
    ]
)
