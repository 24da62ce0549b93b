/// What a room may import: the rule "Rooms" of docs/architecture.md, one row a room, in their order.
struct Room {
    enum Layer: Int {
        case values, effects, services, edges, programs
    }

    let name: String
    let layer: Layer
    /// Rooms of ours.
    let rooms: Set<String>
    /// Modules of packages.
    let modules: Set<String>

    init(_ name: String, _ layer: Layer, rooms: Set<String> = [], modules: Set<String> = []) {
        self.name = name
        self.layer = layer
        self.rooms = rooms
        self.modules = modules
    }

    static let nio: Set<String> = ["NIOCore", "NIOPosix", "NIOHTTP1", "NIOSSL", "NIOTLS"]
    static let hummingbird: Set<String> = ["Hummingbird", "HummingbirdCore", "HummingbirdTLS", "HTTPTypes"]
    /// Only Storage may know it.
    static let database: Set<String> = ["GRDB", "GRDBSQLite", "SQLite3"]

    static let all = [
        Room("Basics", .values, modules: ["Crypto"]),
        Room("PKIX", .values, rooms: ["Basics"], modules: ["Crypto", "CryptoExtras"]),
        Room("Proofs", .values, rooms: ["Basics"], modules: ["Crypto"]),
        Room("Profiles", .values, rooms: ["Basics", "PKIX"]),
        Room("Approval", .values, rooms: ["Basics", "PKIX", "Proofs", "Profiles"], modules: ["Crypto"]),
        Room("Wire", .values, rooms: ["Basics"]),
        Room("CGMP", .values),
        Room("Factors", .values, rooms: ["Basics", "CGMP"]),
        Room("CPKCS11", .effects),
        Room("Custody", .effects, rooms: ["Basics", "PKIX", "Proofs", "Approval", "CPKCS11"], modules: ["Crypto", "CryptoExtras"]),
        Room("CSQLite", .effects),
        Room("Storage", .effects, rooms: ["Basics", "Proofs", "CSQLite"], modules: database),
        Room("Transparency", .effects, rooms: ["Basics", "PKIX", "Proofs", "Approval", "Custody", "Storage"]),
        Room(
            "Access", .services, rooms: ["Basics", "PKIX", "Proofs", "Approval", "Custody", "Storage", "Transparency"],
            modules: ["Crypto"]),
        Room(
            "Policies", .services,
            rooms: ["Basics", "PKIX", "Proofs", "Profiles", "Approval", "Custody", "Storage", "Transparency", "Access"]),
        Room(
            "Authorities", .services,
            rooms: ["Basics", "PKIX", "Proofs", "Profiles", "Approval", "Custody", "Storage", "Transparency", "Access"]),
        Room(
            "Registration", .services,
            rooms: [
                "Basics", "PKIX", "Proofs", "Profiles", "Approval", "Custody", "Storage", "Transparency", "Access", "Authorities",
                "Factors",
            ]),
        Room(
            "API", .edges,
            rooms: [
                "Basics", "PKIX", "Proofs", "Profiles", "Approval", "Wire", "Transparency", "Access", "Policies", "Authorities",
                "Registration",
            ],
            modules: hummingbird.union(nio).union(["Logging"])),
        Room(
            "Client", .programs, rooms: ["Basics", "PKIX", "Proofs", "Profiles", "Approval", "Wire"],
            modules: nio.union(["Crypto", "CryptoExtras", "Yams"])),
        Room(
            "Node", .programs,
            rooms: [
                "Basics", "PKIX", "Proofs", "Profiles", "Approval", "Wire", "Custody", "Storage", "Transparency", "Access", "Policies",
                "Authorities", "Registration", "API",
            ],
            modules: hummingbird.union(nio).union(["Crypto", "Logging", "ServiceLifecycle", "UnixSignals"])),
        Room(
            "assay", .programs, rooms: ["Basics", "PKIX", "Proofs", "Profiles", "Approval", "Wire", "Client", "Node", "API"],
            modules: ["ArgumentParser", "Logging"]),
    ]

    /// Modules of the system: values need none but Foundation's; whoever does I/O may have the C library and locks.
    var systemModules: Set<String> {
        let foundation: Set<String> = ["Swift", "Foundation", "FoundationEssentials"]
        return layer == .values ? foundation : foundation.union(["Glibc", "Musl", "Darwin", "Dispatch", "Synchronization"])
    }

    func mayImport(_ module: String) -> Bool {
        rooms.contains(module) || modules.contains(module) || systemModules.contains(module)
    }
}
