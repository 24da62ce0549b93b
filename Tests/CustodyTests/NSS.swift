import Basics
import Custody
import Foundation
import Glibc
import Synchronization
import Testing

/// NSS's softoken with a database of its own in a temporary folder: a second PKCS#11 module, and one that knows ML-DSA.
enum NSS {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: ".oracles/nss").path(percentEncoded: false)
    private static let utility = "/usr/bin/certutil"
    static let path = folder + "/libsoftokn3.so"

    /// Whether it is there; scripts/setup-nss.sh fetches it.
    static let isThere = [path, utility].allSatisfy { FileManager.default.fileExists(atPath: $0) }

    /// One for all tests: the module reads its database's place once in a process. One session at a time: with several threads that make and
    /// look for token objects, softoken's calls can wait for each other for ever.
    static let token = Task {
        let database = try TestFolder()
        let pin = database.path + "/pin"
        try Data("\(SoftHSM.pin)\n".utf8).write(to: URL(filePath: pin))
        let process = Process()
        process.executableURL = URL(filePath: utility)
        process.arguments = ["-N", "-d", "sql:" + database.path, "-f", pin]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        // What softoken needs of its own release, so that the system's is not taken.
        try #require(dlopen(folder + "/libnssutil3.so", RTLD_NOW | RTLD_LOCAL) != nil, "\(String(cString: dlerror()))")
        let module = try PKCS11Module(
            path: path,
            environment: ["NSS_LIB_PARAMS": "configdir='sql:\(database.path)' certPrefix='' keyPrefix='' secmod='secmod.db' flags="])
        let token = PKCS11Token(
            PKCS11Configuration(label: "NSS Certificate DB", serial: "0000000000000000", sessions: 1, signing: .seconds(60)), of: module,
            pin: PIN(Bytes(SoftHSM.pin.utf8)), clocks: SystemClocks())
        try await token.connect()
        kept.withLock { $0 = database }
        return token
    }

    private static let kept = Mutex<TestFolder?>(nil)
}
