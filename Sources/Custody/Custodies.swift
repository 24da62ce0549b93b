import Approval
import Basics
import PKIX

/// All custodies of a house by name: `sealed`, which every house has, and the tokens that its settings name.
public struct Custodies: Sendable {
    public let sealed: SealedKeys
    private let tokens: [Handle: (settings: TokenSettings, keys: PKCS11Keys)]

    public init(sealed: SealedKeys, tokens: [(settings: TokenSettings, keys: PKCS11Keys)] = []) {
        self.sealed = sealed
        self.tokens = Dictionary(tokens.map { ($0.settings.name, $0) }) { first, _ in first }
    }

    /// - Throws: ``CustodyError/noCustody(_:known:)``
    public func provider(_ name: Handle) throws(CustodyError) -> any KeyProvider {
        if name == .sealed { return sealed }
        guard let keys = tokens[name]?.keys else { throw .noCustody(name, known: names) }
        return keys
    }

    /// In order, `sealed` first.
    public var names: [Handle] { [.sealed] + tokens.keys.sorted() }

    /// Opens a key that must lie in the custody of this name: a document says where its key is kept, and it is signed nowhere else.
    public func signer(
        for record: KeyRecord, as algorithm: SignatureAlgorithm, in name: Handle
    ) async throws(CustodyError) -> any Signer {
        try requirePlace(record, name)
        return try await provider(name).signer(for: record, as: algorithm)
    }

    /// Looks at a record without opening the key: whether custody wrote it, and whether the key lies in the custody of this name.
    public func require(_ record: KeyRecord, in name: Handle) throws(CustodyError) {
        try requirePlace(record, name)
        guard isAuthentic(record) else { throw .sealBroken(key: record.id.description) }
    }

    private func requirePlace(_ record: KeyRecord, _ name: Handle) throws(CustodyError) {
        guard custody(of: record) == name else {
            throw .refused("The key \(record.id) is to lie in the custody \(name), and its record says: \(record.place).")
        }
    }

    /// The custody that the record's place belongs to; nil: none of this house's.
    public func custody(of record: KeyRecord) -> Handle? {
        switch record.place {
        case .sealed: .sealed
        case .token(let key), .sealedUnder(let key): tokens.first { $0.value.settings.has(key) }?.key
        case .unknown: nil
        }
    }

    /// Whether custody wrote this record. No token is asked.
    public func isAuthentic(_ record: KeyRecord) -> Bool { sealed.isAuthentic(record) }

    /// Removes a key that nothing names. A sealed one is gone with its record.
    public func destroy(_ record: KeyRecord) async throws(CustodyError) {
        guard case .token = record.place, let name = custody(of: record), let keys = tokens[name]?.keys else { return }
        try await keys.destroy(record)
    }

    /// How the token keeps a key that lies in it, asked now, once it has signed with it; nil for a key that lies in none.
    public func facts(of record: KeyRecord) async throws(CustodyError) -> PKCS11KeyFacts? {
        guard case .token = record.place, let name = custody(of: record), let keys = tokens[name]?.keys else { return nil }
        if let algorithm = KeyAlgorithm(named: record.algorithm) {
            try await keys.signer(for: record, as: .preferred(for: algorithm)).probe()
        }
        return try await keys.facts(of: record)
    }

    /// Signatures made since the start, by kind.
    public func signatures(_ kind: Warrant.Kind) -> Int {
        tokens.values.reduce(sealed.signatures(kind)) { $0 + $1.keys.signatures(kind) }
    }

    /// A token, and how it is.
    public struct Report: Sendable {
        public let settings: TokenSettings
        public let health: PKCS11Token.Health
        public let counts: PKCS11Token.Counts
    }

    public var reports: [Report] {
        tokens.values.map { Report(settings: $0.settings, health: $0.keys.token.health, counts: $0.keys.token.counts) }
            .sorted { $0.settings.name < $1.settings.name }
    }
}

extension Custodies: CustomStringConvertible, CustomReflectable {
    public var description: String { "custodies " + names.map(\.description).joined(separator: ", ") }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
