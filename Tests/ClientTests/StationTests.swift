import Basics
import Client
import Foundation
import PKIX
import Testing
import Wire

@Suite("A machine's side")
struct StationTests {
    private static func home() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("assay-\(UUID().uuidString)").path
    }

    @Test("Its key is made once, in a folder of its own, and its public half is read back from the file that is handed over")
    func folder() throws {
        let world = try World()
        defer { world.remove() }
        let folder = MachineFolder(home: Self.home(), name: try World.handle("line-3"))
        defer { try? FileManager.default.removeItem(atPath: folder.home) }
        let key = try folder.enroll(node: world.identity, entropy: SystemEntropy())
        #expect(try MachineKey.read(Bytes(MachineKey.pem(key).utf8)) == key)
        #expect(try folder.node() == world.identity)
        let mode = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/machine.key")[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let moved = NodeIdentity(
            address: NodeAddress(host: "127.0.0.1", port: 2), instance: world.instance, pin: world.pin, serverKey: world.serverKey)
        #expect(try folder.enroll(node: moved, entropy: SystemEntropy()) == key)
        #expect(try folder.node() == moved)
        let other = NodeIdentity(address: moved.address, instance: world.instance, pin: world.pin, serverKey: Digest32(of: "other"))
        let foreign = #expect(throws: Problem.self) { try folder.enroll(node: other, entropy: SystemEntropy()) }
        #expect(foreign?.code == "client.other-house")
        #expect(try folder.node() == moved)
        let missing = #expect(throws: Problem.self) { try MachineFolder(home: folder.home, name: World.handle("line-4")).node() }
        #expect(missing?.code == "client.no-such-machine")
    }

    @Test(
        "What is no P-256 key in PEM is no machine's",
        arguments: ["", "line-3", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
    func noKey(text: String) {
        let problem = #expect(throws: Problem.self) { try MachineKey.read(Bytes(text.utf8)) }
        #expect(problem?.code == "machine.key-invalid")
    }
}
