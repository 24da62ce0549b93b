import Approval
import Basics
import Proofs
import Storage

/// What the ledger vouches for, table by table.
extension RowKind {
    public static let roster = RowKind("roster", of: "roster", by: ["version"], ["hash", "note"])
    public static let document = RowKind("document", of: "document", by: ["hash"], ["kind", "name"])
    public static let person = RowKind("person", of: "person", by: ["hash"], ["handle", "note", "created"])
    public static let key = RowKind("key", of: "key", by: ["id"], ["name", "algorithm", "purposes", "spki", "sealed", "created"])
    public static let authority = RowKind("authority", of: "authority", by: ["content"], ["name", "key_id", "der", "created"])
    public static let request = RowKind(
        "request", of: "request", by: ["id"],
        ["requester", "profile", "statement_hash", "statement", "submission", "csr", "tbs", "opened", "expires"])
    /// The submission's signature is in it so that nobody finds a reason's words by trying.
    public static let requestDecision = RowKind(
        "request.decision", of: "request", by: ["id"], ["submission", "state", "decided_by", "reason", "certificate"])
    public static let vote = RowKind("vote", of: "vote", by: ["statement_hash", "voter"], ["hash", "decision", "note", "created"])
    public static let certificate = RowKind(
        "certificate", of: "certificate", by: ["fingerprint"],
        ["serial", "authority", "request_id", "statement_hash", "der", "not_after", "created"])
    public static let allowance = RowKind(
        "allowance", of: "allowance", by: ["id"],
        ["requester", "machine", "profile", "statement_hash", "statement", "submission", "created"])
    public static let allowanceDecision = RowKind(
        "allowance.decision", of: "allowance", by: ["id"], ["submission", "state", "decided_by", "reason"])
    public static let draw = RowKind(
        "draw", of: "draw", by: ["allowance", "number"], ["machine", "call", "wish", "fingerprint", "created"])
    public static let revocation = RowKind(
        "revocation", of: "revocation", by: ["id"],
        ["requester", "certificate", "statement_hash", "statement", "submission", "created"])
    public static let revocationDecision = RowKind(
        "revocation.decision", of: "revocation", by: ["id"], ["submission", "state", "decided_by", "reason"])
    /// Written by the committer itself; it proves nothing, but whoever looks for an object's entries goes by it.
    public static let mention = RowKind("mention", of: "mention", by: ["object", "idx"])

    /// Every kind, in the order in which rows are compared. The tables `invitation`, `invitation_code`, `proposal`, `draft` and `draft_call` have none: what stands there
    /// is nobody's word yet, and is gone when it has become somebody's.
    public static let all: [RowKind] = [
        .roster, .document, .person, .key, .authority, .request, .requestDecision, .vote, .certificate, .allowance, .allowanceDecision,
        .draw, .revocation, .revocationDecision, .mention,
    ]
}

/// What an entry says of rows, and what a row says of entries: two functions that must answer with the same.
enum RowClaims {
    /// The kinds whose digests an entry has, by the number under which each stands.
    static func kinds(of entry: Entry) -> [(number: UInt8, kind: RowKind)] {
        let row = Entry.DigestKey.row
        let second = Entry.DigestKey.secondRow
        return switch entry.type {
        case .ledgerCreated, .rosterAccepted: [(row, .roster)]
        case .officerEnroll: [(row, .person)]
        case .keyGenerated: [(row, .key)]
        case .authorityIssue: [(row, .authority)]
        case .requestOpen: [(row, .request)]
        case .requestReject, .requestExpire: [(row, .requestDecision)]
        case .voteCast: [(row, .vote)]
        case .certificateIssue: [(row, .certificate), (second, entry.object?.count == 24 ? .draw : .requestDecision)]
        case .allowanceRequest: [(row, .allowance)]
        case .revocationRequest: [(row, .revocation)]
        case .certificateRevoke, .revocationReject: [(row, .revocationDecision)]
        case .allowanceOpen, .allowanceReject, .allowanceClose: [(row, .allowanceDecision)]
        default: []
        }
    }

    /// The contents that a stored row has to be vouched for.
    static func contents(_ kind: RowKind, _ row: Row) throws -> [RowContent] {
        switch kind {
        case .requestDecision: return try row.text("state") == "open" ? [] : [RowContent(kind, row: row)]
        case .allowanceDecision:
            let state = try row.text("state")
            if state == "requested" { return [] }
            let present = try RowContent(kind, row: row)
            // It was opened before it was closed, and that has an entry of its own.
            return state == "closed" ? [try opened(row), present] : [present]
        case .revocationDecision: return try row.text("state") == "requested" ? [] : [RowContent(kind, row: row)]
        case .document: return [try document(row)]
        default: return [try RowContent(kind, row: row)]
        }
    }

    /// Rosters vouch for a document's octets by their hash.
    private static func document(_ row: Row) throws -> RowContent {
        let hash = Digest32(of: try row.blob("bytes"))
        let isTrue = try row.blob("hash") == hash.bytes
        return try RowContent(
            .document, ["hash": isTrue ? .blob(hash) : .null, "kind": try row.value("kind"), "name": try row.value("name")])
    }

    private static func opened(_ row: Row) throws -> RowContent {
        try RowContent(
            .allowanceDecision,
            [
                "id": try row.value("id"), "submission": try row.value("submission"), "state": .text("open"), "decided_by": .null,
                "reason": .null,
            ])
    }

    /// The documents that a stored roster names.
    static func documents(of note: String) throws -> [RowContent] {
        try Roster(text: try SignedNote("roster", note).text).documents.map { line in
            try RowContent(
                .document,
                ["hash": .blob(line.digest), "kind": .text(line.kind.rawValue), "name": .text(line.name.description)])
        }
    }
}
