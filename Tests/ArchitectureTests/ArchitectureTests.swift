import Foundation
import Testing

@Suite("Architecture")
struct ArchitectureTests {
    @Test("A room imports only what its row allows")
    func imports() throws {
        let rows = Dictionary(uniqueKeysWithValues: Room.all.map { ($0.name, $0) })
        let files = try SourceFile.all(below: "Sources")
        #expect(files.count > 10)
        for file in files {
            let room = try #require(rows[file.room], "\(file.path) is in no room")
            for module in file.imports {
                #expect(room.mayImport(module), "\(file.path) imports \(module)")
            }
        }
    }

    @Test("Rows name only rooms written above them, and keep databases and HTTP in their places")
    func rows() {
        var above: Set<String> = []
        for room in Room.all {
            #expect(room.rooms.isSubset(of: above), "\(room.name)")
            above.insert(room.name)
            #expect(room.name == "Storage" || room.modules.isDisjoint(with: Room.database), "\(room.name)")
            let http = Room.nio.union(Room.hummingbird)
            #expect(room.name == "Custody" || !room.rooms.contains("CPKCS11"), "\(room.name)")
            #expect(room.name == "Storage" || !room.rooms.contains("CSQLite"), "\(room.name)")
            #expect(["API", "Client", "Node"].contains(room.name) || room.modules.isDisjoint(with: http), "\(room.name)")
            if room.layer == .edges || room.name == "Client" {
                #expect(room.rooms.isDisjoint(with: ["Storage", "Custody"]), "\(room.name)")
            }
        }
    }

    @Test("Package.swift gives each room the rooms of its row, no more")
    func manifest() throws {
        let text = try String(contentsOf: SourceFile.root.appending(path: "Package.swift"), encoding: .utf8)
        let names = Set(Room.all.map(\.name))
        for room in Room.all {
            let target =
                room.name == "assay" ? /\.executableTarget\(\s*name:\s*"assay",/ : try Regex("\\b(?:room|header)\\(\\s*\"\(room.name)\"")
            let start = try #require(text.firstRange(of: target), "\(room.name) is not in Package.swift").upperBound
            var depth = 1
            let call = text[start...].prefix { character in
                depth += character == "(" ? 1 : character == ")" ? -1 : 0
                return depth > 0
            }
            let given = Set(call.matches(of: /"(\w+)"/).map { String($0.1) }).intersection(names)
            #expect(given == room.rooms, "\(room.name)")
        }
    }

    @Test("Sources keep the house's rules", arguments: Rule.sources)
    func sources(rule: Rule) throws {
        let violations = try SourceFile.all(below: "Sources").flatMap(rule.violations)
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    @Test("Tests keep the house's rules", arguments: Rule.tests)
    func tests(rule: Rule) throws {
        let violations = try SourceFile.all(below: "Tests").flatMap(rule.violations)
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    @Test("An exception names a file that exists")
    func exceptions() throws {
        let paths = Set(try SourceFile.all(below: "Sources").map(\.path))
        for rule in Rule.sources { #expect(rule.exceptions.isSubset(of: paths), "\(rule)") }
    }

    @Test("Warrants are made in one file, of Approval")
    func warrants() throws {
        let makers = try SourceFile.all(below: "Sources").filter { !$0.places(of: /\bWarrant\s*\(/).isEmpty }
        #expect(makers.count <= 1, "\(makers)")
        #expect(makers.allSatisfy { $0.room == "Approval" }, "\(makers)")
    }
}
