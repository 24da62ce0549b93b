import ArgumentParser
import Basics
import Client

/// `assay key …`
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "The keys of the house: where each lies, and what protects it.",
        discussion: """
            Example:
              assay key list --as admin
            """, subcommands: [List.self, Show.self, Audit.self])
}

extension KeySummary {
    fileprivate var json: JSON {
        var members: [String: JSON] = [
            "id": .string(id.description), "name": .string(name), "algorithm": .string(algorithm), "purposes": .string(purposes),
            "digest": .string(digest.base64), "created": .seconds(created), "place": .string(place), "protection": .string(protection),
            "authentic": .bool(isAuthentic), "custody": custody.map { .string($0.description) } ?? .null,
            "user": user.map { .string($0) } ?? .null,
        ]
        if let token { members["token"] = .object(token.mapValues { $0.map { .bool($0) } ?? .null }) }
        if let unanswered { members["unanswered"] = .string(unanswered) }
        return .object(members)
    }

    fileprivate var use: String { user.map { $0 == "log" ? "the ledger's log" : "authority \($0)" }.map(\.escaped) ?? "nothing in force" }
}

extension KeyCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the keys of the house, oldest first.",
            discussion: """
                Example:
                  assay key list --as admin
                """)

        @OptionGroup var pages: PageOptions

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await listing(
                "keys", pages, personal, Table("id", "used by", "algorithm", "custody", "key"),
                page: { session, paging throws(Problem) in try await session.keys(paging) },
                cells: { key in
                    let kind = key.place.hasPrefix("pkcs11:") ? "in the token" : "sealed, software in use"
                    return [
                        key.id.description, key.use, key.algorithm.escaped, key.custody?.description ?? "none of this node",
                        key.isAuthentic ? kind : "its record was altered",
                    ]
                }, json: \.json)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show where a key lies, what protects it, and what its token says of it now.",
            discussion: """
                A key is named by its id, or by the authority that signs with it; `log` is the ledger's.

                Example:
                  assay key show devices --as admin
                """)

        @Argument(help: "An id of `assay key list`, an authority's name, or log.")
        var key: String

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let id: ID
                if let named = ID(key) {
                    id = named
                } else {
                    guard let found = try await session.key(usedBy: key) else {
                        throw Problem(
                            .notFound, "key.not-found", title: "There is no such key",
                            detail: "\(key.escaped): an id of `assay key list`, the name of an authority in force, or log is expected.",
                            field: "key")
                    }
                    id = found
                }
                let shown = try await session.key(id)
                var facts = Facts()
                facts.add("id", shown.id.description)
                facts.add("used by", shown.use)
                facts.add("algorithm", shown.algorithm.escaped)
                facts.add("signs", shown.purposes.escaped)
                facts.add("public key", "\(shown.digest) (SHA-256)")
                facts.add("made", shown.created.description)
                facts.add("custody", shown.custody?.description ?? "none of this node's")
                facts.add("lies", shown.place.escaped)
                facts.add("protection", shown.protection.escaped)
                for (name, words) in Self.words {
                    guard let value = shown.token?[name] else { continue }
                    facts.add(words, value.map { $0 ? "yes" : "no" } ?? "the token does not say")
                }
                facts.say(indent: 0)
                if let unanswered = shown.unanswered {
                    warn("The token was asked, and did not say how it keeps the key: \(unanswered.escaped)")
                }
                if !shown.isAuthentic {
                    warn("Custody did not write this key's record as it is. It opens nothing: restore it from a backup.")
                }
                return shown.json
            }
        }

        private static let words = [
            ("sensitive", "sensitive"), ("alwaysSensitive", "always sensitive"), ("extractable", "extractable"),
            ("neverExtractable", "never extractable"), ("modifiable", "modifiable"), ("otherUses", "other uses"),
        ]
    }
}

extension KeyCommand {
    struct Audit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show which RSA keys of the fleet share a prime with another.",
            discussion: """
                Devices whose random numbers begin alike make keys with one prime in common. Each looks good alone, and whoever has both \
                public keys has both private keys. A node compares all RSA keys of certificates and authorities with each other after its \
                start, and every ten minutes those that came since. A certificate that is named here is to be revoked:

                  assay certificate revoke FINGERPRINT --reason key-compromise --as officer-1

                Example:
                  assay key audit --as admin
                """)

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                guard let audit = try await session.keyAudit() else {
                    say("The first comparison since the node's start has not ended yet. Ask again later.")
                    return .object(["findings": .array([]), "time": .null])
                }
                say("\(audit.keys) RSA keys were compared at \(audit.time), up to entry \(audit.entries) of the ledger.")
                var table = Table("certificate, or authority", "key", "shares a prime with")
                for finding in audit.findings {
                    for user in finding.certificates.map(\.hex) + (finding.authority.map { [$0.description] } ?? []) {
                        table.add(user, String(finding.key.hex.prefix(16)), String(finding.other.hex.prefix(16)))
                    }
                }
                if table.isEmpty {
                    say("No two of them share a prime.")
                } else {
                    say()
                    table.say()
                    warn(
                        "Whoever has both certificates of a pair can compute both private keys. Revoke them with the reason key-compromise, and "
                            + "find out why the devices' random numbers begin alike.")
                }
                return .object([
                    "time": .seconds(audit.time), "entries": .integer(audit.entries), "keys": .integer(audit.keys),
                    "findings": .array(
                        audit.findings.map { finding in
                            .object([
                                "key": .string(finding.key.hex), "other": .string(finding.other.hex),
                                "certificates": .array(finding.certificates.map { .string($0.hex) }),
                                "authority": finding.authority.map { .string($0.description) } ?? .null,
                            ])
                        }),
                ])
            }
        }
    }
}
