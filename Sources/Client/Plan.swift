import Approval
import Basics
import PKIX
import Profiles

/// What a manifest would change of the documents in force. It is computed here, from verified documents; making it changes nothing.
public struct Plan: Sendable {
    /// Documents that come, change or go, with what is different.
    public let differences: [DocumentDifference]
    /// Documents that are in force as the manifest says.
    public let unchanged: [String]
    /// Documents in force that the manifest does not have, and that stay.
    public let kept: [String]
    /// New authorities, each issuer before those below it.
    let drafts: [(name: Handle, document: JSON)]
    /// New authorities, for each of which custody makes keys before anything can be signed.
    public var needingKeys: [Handle] { drafts.map(\.name) }
    /// Documents that are complete already.
    let complete: [(kind: DocumentKind, name: Handle, bytes: Bytes)]
    let dropped: [(DocumentKind, Handle)]

    public var isEmpty: Bool { differences.isEmpty }

    /// - Parameter drop: whether documents that the manifest does not have go out of force.
    /// - Throws: `plan.authority-changed`, `plan.issuer-unknown`; what the documents together refuse.
    public init(_ manifest: Manifest, against charter: Charter, drop: Bool, now: UTCTime) throws(Problem) {
        let roster = charter.roster
        var differences: [DocumentDifference] = []
        var unchanged: [String] = []
        var complete: [(kind: DocumentKind, name: Handle, bytes: Bytes)] = []
        var fresh: [Handle: JSON] = [:]
        func compare(_ kind: DocumentKind, _ name: Handle, before: JSON?, after: JSON) -> Bool {
            let difference = DocumentDifference("\(kind.rawValue) \(name)", before: before, after: after)
            if difference.sign == .same { unchanged.append(difference.label) } else { differences.append(difference) }
            return difference.sign != .same
        }
        for (name, after) in manifest.authorities.sorted(by: { $0.key < $1.key }) {
            guard let before = charter.bytes(.authority, name).flatMap(RosterProposal.json), case .object(let old) = before else {
                fresh[name] = after
                continue
            }
            let bare = JSON.object(old.filter { !AuthorityDocument.made.contains($0.key) })
            if compare(.authority, name, before: bare, after: after) {
                complete.append((.authority, name, try Self.sameCertificate(name, old, after)))
            }
        }
        for (kind, documents) in [
            (DocumentKind.profile, manifest.profiles), (.approval, manifest.approvals), (.blocklist, manifest.blocklists),
        ] {
            for (name, bytes) in documents.sorted(by: { $0.key < $1.key }) {
                guard let after = RosterProposal.json(bytes) else { continue }
                if compare(kind, name, before: charter.bytes(kind, name).flatMap(RosterProposal.json), after: after) {
                    complete.append((kind, name, bytes))
                }
            }
        }
        let absent = roster.documents.filter { line in
            switch line.kind {
            case .authority: manifest.authorities[line.name] == nil
            case .profile: manifest.profiles[line.name] == nil
            case .approval: manifest.approvals[line.name] == nil
            case .blocklist: manifest.blocklists[line.name] == nil
            }
        }
        kept = drop ? [] : absent.map(\.label)
        dropped = drop ? absent.map { ($0.kind, $0.name) } : []
        let ordered = try Self.issuersFirst(fresh, inForce: Set(charter.documents.authorities.keys))
        // New authorities first, as they are made.
        let made = ordered.map { DocumentDifference("authority \($0.name)", before: nil, after: $0.document) }
        drafts = ordered
        self.differences = made + differences + (drop ? absent.map { DocumentDifference($0.label, before: .object([:]), after: nil) } : [])
        self.unchanged = unchanged
        self.complete = complete
        try checkTogether(charter, now: now)
    }

    /// An authority in force keeps its key and certificate; only what does not stand in the certificate may change.
    private static func sameCertificate(_ name: Handle, _ old: [String: JSON], _ after: JSON) throws(Problem) -> Bytes {
        guard case .object(var members) = after else { throw .answerMalformed("An authority is an object.") }
        let changed = Set(old.keys).union(members.keys).subtracting(AuthorityDocument.made).filter { old[$0] != members[$0] }
        guard changed.isSubset(of: ["profiles"]) else {
            throw Problem(
                .conflict, "plan.authority-changed", title: "An authority's certificate cannot be changed",
                detail:
                    "authority \(name): \(changed.sorted().map(\.escaped).joined(separator: ", ")) stands in its certificate, which is signed. "
                    + "Leave it as it is, or add an authority of another name.", field: "authorities.\(name)")
        }
        for member in AuthorityDocument.made { members[member] = old[member] }
        return JSON.object(members).canonicalBytes
    }

    private static func issuersFirst(_ fresh: [Handle: JSON], inForce: Set<Handle>) throws(Problem) -> [(name: Handle, document: JSON)] {
        var known = inForce
        var rest = fresh
        var ordered: [(name: Handle, document: JSON)] = []
        while !rest.isEmpty {
            let next = rest.filter { _, document in issuer(of: document).map(known.contains) ?? true }.keys.sorted()
            guard let name = next.first, let document = rest.removeValue(forKey: name) else {
                let names = rest.keys.sorted().map(\.description).joined(separator: ", ")
                throw Problem(
                    .invalid, "plan.issuer-unknown", title: "An issuer is not there",
                    detail: "\(names): the issuer is neither in force nor in the file, or the authorities issue each other.",
                    field: "authorities")
            }
            known.insert(name)
            ordered.append((name, document))
        }
        return ordered
    }

    private static func issuer(of document: JSON) -> Handle? {
        guard case .object(let members) = document, case .string(let name)? = members["issuer"] else { return nil }
        return Handle(name)
    }

    /// Whether the documents fit together, with throw-away keys in place of those that custody would make.
    private func checkTogether(_ charter: Charter, now: UTCTime) throws(Problem) {
        guard !isEmpty else { return }
        var all = complete
        for draft in drafts {
            // A kind of key that is none is named by the document's own check.
            guard case .object(var members) = draft.document, case .string(let name)? = members["key"],
                let key = try? (KeyAlgorithm(named: name) ?? .ecdsaP256).generate()
            else { continue }
            if case .string(let name)? = members["alternative"], let second = try? KeyAlgorithm(named: name)?.generate() {
                members["alternativePublicKey"] = .string(second.publicKey.der.base64)
            }
            members["publicKey"] = .string(key.publicKey.der.base64)
            members["content"] = .string(Digest32(of: key.publicKey.der).base64)
            all.append((.authority, draft.name, JSON.object(members).canonicalBytes))
        }
        let supplied = Dictionary(all.map { (Digest32(of: $0.bytes), $0.bytes) }) { first, _ in first }
        let changes = changes(all)
        let held = charter.documents.bytes
        try refusing { () throws(Refusal) in
            _ = try Documents(of: try charter.roster.successor(changes, time: now)) { held[$0] ?? supplied[$0] }
        }
    }

    func changes(_ documents: [(kind: DocumentKind, name: Handle, bytes: Bytes)]) -> [RosterChange] {
        documents.map { .put(.init(kind: $0.kind, name: $0.name, digest: Digest32(of: $0.bytes))) } + dropped.map { .drop($0.0, $0.1) }
    }
}

extension Charter {
    /// The exact bytes of a document in force.
    public func bytes(_ kind: DocumentKind, _ name: Handle) -> Bytes? {
        roster.document(kind, name).flatMap { documents.bytes[$0.digest] }
    }
}
