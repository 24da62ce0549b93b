/// What no source file may contain, and where an exception has its place.
struct Rule: Sendable, CustomStringConvertible {
    let name: String
    /// Files that may, each for a reason that stands beside it.
    let exceptions: Set<String>
    /// `path:line` of each violation.
    private let search: @Sendable (SourceFile) -> [String]

    init(_ name: String, except exceptions: Set<String> = [], search: @escaping @Sendable (SourceFile) -> [String]) {
        self.name = name
        self.exceptions = exceptions
        self.search = search
    }

    var description: String { name }

    func violations(in file: SourceFile) -> [String] { exceptions.contains(file.path) ? [] : search(file) }

    /// Calls into C need them: files, locks, signals and the terminal.
    static let unsafeFiles: Set<String> = [
        // write(2) from an array's octets.
        "Sources/Custody/PrivateFiles.swift",
        // Key material is read in place, and wiped.
        "Sources/Custody/SecretBytes.swift", "Sources/Custody/MasterKey.swift", "Sources/Custody/MasterKeySeal.swift",
        // A PKCS#11 module's functions take pointers.
        "Sources/Custody/PKCS11Module.swift", "Sources/Custody/PKCS11Template.swift",
        // CryptoExtras' word for a number of PBKDF2 rounds below its floor: old files have few.
        "Sources/PKIX/EncryptedPrivateKey.swift",
        // GRDB's word for a transaction that is begun and ended by hand: group commit.
        "Sources/Storage/Opening.swift",
    ]

    static let sources = [
        Rule("no @testable import: it opens what is internal, a warrant's maker among it") { $0.places(of: /@testable\b/) },
        Rule("no unsafe code, no underscored attributes", except: unsafeFiles) { $0.places(of: /unsafe|Unsafe|@_/) },
        Rule("no try!") { $0.places(of: /\btry!/) },
        Rule("no trap on purpose") { $0.places(of: /\b(fatalError|preconditionFailure)\b/) },
        Rule("no force unwrap, no forced cast, no implicitly unwrapped type") { $0.places(of: /[\w)\]}?"]!(?![=\w])/) },
        Rule("time comes from a Clocks that is handed in", except: ["Sources/Basics/Clocks.swift"]) {
            $0.places(of: /\bDate\s*\(\s*\)|\bDate\.now\b|\bDate\.init\s*\(\s*\)/)
        },
        Rule("a file is one idea: at most 400 lines", search: tooLong),
    ]

    static let tests = [
        Rule("no @testable import: tests use the public face") { $0.places(of: /@testable\b/) },
        Rule("a file is one idea: at most 400 lines", search: tooLong),
    ]

    @Sendable private static func tooLong(_ file: SourceFile) -> [String] {
        let lines = file.text.utf8.count { $0 == 0x0a }
        return lines > 400 ? ["\(file.path) has \(lines) lines"] : []
    }
}
