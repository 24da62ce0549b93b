import Foundation
import Testing

@Suite("The data directory, as people write it", .serialized)
struct DataDirectoryTests {
    @Test("A house is founded in it and found again", arguments: ["./var", "var", "d", "./d", "a/b/c", "./a/b/", "d/../e"])
    func founded(_ directory: String) throws {
        let desk = try Desk()
        defer { desk.close() }
        try FileManager.default.createDirectory(atPath: desk.path("here"), withIntermediateDirectories: true)
        // The one above a path with dots in its middle.
        if directory.contains("/../") {
            try FileManager.default.createDirectory(atPath: desk.path("here/d"), withIntermediateDirectories: true)
        }
        _ = try desk.json("login", "--new", "--as", "admin", "--unsealed", "--out", desk.path("admin.person"))
        for arguments in [["init", "--administrator", desk.path("admin.person")], ["custody", "list"]] {
            let answer = try Program(path: "/bin/sh").run(
                ["-c", #"cd "$0" && exec "$@""#, desk.path("here"), Program.assay.path] + arguments + ["--data", directory],
                environment: ["ASSAY_HOME": desk.path("people")])
            #expect(answer.status == 0, "\(answer.text)")
        }
    }

    @Test("Where there is no house, commands on one say so, and how to found it")
    func absent() throws {
        let desk = try Desk()
        defer { desk.close() }
        for command in [["list"], ["remove", "hsm"], ["seal", "--under", "hsm"], ["unseal"]] {
            #expect(try desk.problem(["custody"] + command + ["--data", desk.path("nothing")]) == "custody.absent", "\(command)")
        }
    }
}
