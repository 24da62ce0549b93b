import Basics

/// The one table of routes.
public enum Routes {
    public static let all: [Route] = [
        health, ready, metrics, enroll, node, keys, key, keyAudit,
        roster, proposeRoster, proposals, document, persons,
        addOfficer, officers, officer,
        draftAuthorities, authorities, authorityCertificate,
        submitRequest, requests, request, vote, requestEntries,
        certificates, certificate, certificateStatus, certificateEntry,
        requestRevocation, revocations, revocation, voteRevocation,
        requestAllowance, allowances, allowance, voteAllowance, closeAllowance, drawCertificate,
        checkpoint, entries, proof, consistency, audit,
    ]

    private static let administrator: Route.Permission = .role(["administrator"])
    private static let registrationOfficer: Route.Permission = .role(["registration-officer"])

    /// What every list that can grow is asked with.
    /// - Parameter place: the kind of `next` in its answer, which is the last one's own name.
    private static func paging(_ place: Route.Parameter.Kind) -> [Route.Parameter] {
        [
            .init("after", place, isRequired: false, "Only what comes behind this one: `next` of the page before."),
            .init("limit", .limit, isRequired: false, "How many at most; \(PageLimit.usual) when absent."),
        ]
    }

    private static func state(_ states: String) -> Route.Parameter { .init("state", .text, isRequired: false, "Only these: \(states).") }

    /// The answer of such a list.
    private static func page(_ what: String) -> [Route.Answer] {
        [.init(200, .json, "\(what); `next` when more come behind them.")]
    }
}

// Health and enrollment: nobody has to be known.
extension Routes {
    public static let health = Route(
        "health", .get, ["healthz"], permission: .anyone, answers: [.init(200, .json, "The process runs.")],
        summary: "Whether the process runs.")
    public static let ready = Route(
        "ready", .get, ["readyz"], permission: .anyone, answers: [.init(200, .json, "Requests are served.")],
        summary: "Whether requests can be served; 503 while they cannot.")
    public static let metrics = Route(
        "metrics", .get, ["metrics"], permission: .anyone,
        answers: [.init(200, .text, "Figures in the text form of Prometheus: signatures, tokens, the ledger's size.")],
        summary: "Figures for monitoring; no names of people, products or keys.")
    public static let enroll = Route(
        "enrollment.redeem", .post, api("enrollments"), permission: .anyone, bodies: [.json],
        answers: [.init(201, .json, "The person waits for an administrator's confirmation.")],
        summary: "Redeem a one-time enrollment code with the text of the person who holds it.")
}

// The node, its roster and its documents.
extension Routes {
    public static let node = Route(
        "node", .get, api("node"), permission: .person, answers: [.init(200, .json, "The node's state.")],
        summary: "Which house this is, what version runs, and what needs attention.")
    public static let roster = Route(
        "roster.versions", .get, api("roster"),
        query: [.init("from", .number, isRequired: false, "The first version to be sent; 1 when absent.")], permission: .person,
        answers: [.init(200, .json, "Roster texts with their signatures, oldest first.")],
        summary: "The chain of roster versions, to be checked by the caller.")
    public static let proposeRoster = Route(
        "roster.propose", .post, api("roster"), permission: administrator, bodies: [.json],
        answers: [.init(200, .json, "The version is in force."), .init(202, .json, "More signatures are needed.")],
        summary: "Hand in a next roster version, or one more signature over it.")
    public static let proposals = Route(
        "roster.proposals", .get, api("roster", "proposals"), permission: administrator,
        answers: [.init(200, .json, "Proposals with the signatures so far.")], summary: "Roster versions that wait for more signatures.")
    public static let document = Route(
        "document", .get, api("documents", .parameter(.init("hash", .digest, "The document's SHA-256."))), permission: .person,
        answers: [.init(200, .octets, "The document's exact octets.")], summary: "A document that the roster names by its hash.")
    public static let persons = Route(
        "persons", .get, api("persons"), query: paging(.digest), permission: .person, answers: page("Person texts"),
        summary: "The texts of the persons in the roster.")
}

// Keys, and where they lie.
extension Routes {
    public static let keys = Route(
        "keys", .get, api("keys"), query: paging(.id), permission: .person, answers: page("Keys, oldest first"),
        summary: "The keys of the house, where each lies, and what protects it.")
    public static let key = Route(
        "key", .get, api("keys", .parameter(.init("id", .id, "The key's id."))), permission: .person,
        answers: [.init(200, .json, "The key, with what its token says of it now.")], summary: "One key.")
    public static let keyAudit = Route(
        "key.audit", .get, api("key-audit"), permission: .person,
        answers: [.init(200, .json, "When, how many, and the keys that share a prime with another.")],
        summary: "The last comparison of all RSA keys of certificates and authorities with each other.")
}

// Officers who join.
extension Routes {
    public static let addOfficer = Route(
        "officer.add", .post, api("officers"), permission: administrator, bodies: [.json],
        answers: [.init(201, .json, "Until when the code can be redeemed.")],
        summary: "Invite a person by a one-time enrollment code, of which the node is told the hash.")
    public static let officers = Route(
        "officers", .get, api("officers"), query: paging(.handle), permission: administrator,
        answers: page("Invited and waiting persons, by handle"),
        summary: "Persons who are invited, or wait for confirmation.")
    public static let officer = Route(
        "officer", .get, api("officers", .parameter(.init("handle", .handle, "The person's handle."))), permission: administrator,
        answers: [.init(200, .json, "The waiting person's text.")],
        summary: "The text of a person who waits, whose fingerprint the administrator compares.")
}

// Authorities.
extension Routes {
    public static let draftAuthorities = Route(
        "authority.draft", .post, api("authorities", "drafts"), permission: administrator, bodies: [.json],
        answers: [.init(200, .json, "Keys and certificate contents for the authorities asked for.")],
        summary:
            "Make keys for authorities and fill their certificates' contents; nothing is signed. Sent again with the same id, the answer is the same."
    )
    public static let authorities = Route(
        "authorities", .get, api("authorities"), permission: .person, answers: [.init(200, .json, "The authorities.")],
        summary: "The authorities in force.")
    public static let authorityCertificate = Route(
        "authority.certificate", .get, api("authorities", .parameter(.init("name", .handle, "The authority's name.")), "certificate"),
        permission: .person, answers: [.init(200, .certificate, "The certificate in DER.")], summary: "An authority's own certificate.")
}

// Requests, votes and certificates.
extension Routes {
    public static let submitRequest = Route(
        "request.submit", .post, api("requests"),
        query: [
            .init("field", .text, isRequired: false, repeats: true, "With a raw CSR: name=value, once for each field of the profile."),
            .init("submission", .text, isRequired: false, "With a raw CSR: the signed submission, in unpadded URL-safe base64."),
        ], permission: registrationOfficer, bodies: [.json, .pkcs10],
        answers: [.init(201, .json, "The request is open; people vote on its statement.")],
        summary: "Ask for a certificate: a CSR under a profile.")
    public static let requests = Route(
        "requests", .get, api("requests"),
        query: paging(.id) + [state("open, issued, rejected or expired")],
        permission: .person, answers: page("Requests, newest first"),
        summary: "The requests and their states.")
    public static let request = Route(
        "request", .get, api("requests", .parameter(requestID)), permission: .person,
        answers: [.init(200, .json, "Statement, submission, content, votes and state.")],
        summary: "Everything about one request, to be checked by the caller before a vote is signed.")
    public static let vote = Route(
        "request.vote", .post, api("requests", .parameter(requestID), "votes"), permission: .person, bodies: [.json],
        answers: [.init(200, .json, "The request's state after the vote, with the certificate when it was issued.")],
        summary: "Approve or reject: a signed vote over the request's statement.")
    public static let requestEntries = Route(
        "request.entries", .get, api("requests", .parameter(requestID), "entries"), permission: .person,
        answers: [.init(200, .json, "Entries with their indexes, in order.")], summary: "Everything that the ledger has about one request.")
    public static let certificates = Route(
        "certificates", .get, api("certificates"), query: paging(.digest), permission: .person,
        answers: page("Certificates, newest first"),
        summary: "The certificates that were issued.")
    public static let certificate = Route(
        "certificate", .get, api("certificates", .parameter(.init("fingerprint", .digest, "SHA-256 of the certificate's DER."))),
        permission: .person, answers: [.init(200, .certificate, "The certificate in DER.")], summary: "One certificate.")

    public static let certificateStatus = Route(
        "certificate.status", .get,
        api("certificates", .parameter(.init("fingerprint", .digest, "SHA-256 of the certificate's DER.")), "status"), permission: .person,
        answers: [.init(200, .json, "Whether it is revoked, by which revocation, why, and since when.")],
        summary: "Whether a certificate is revoked.")
    public static let certificateEntry = Route(
        "certificate.entry", .get,
        api("certificates", .parameter(.init("fingerprint", .digest, "SHA-256 of the certificate's DER.")), "entry"), permission: .person,
        answers: [.init(200, .json, "The entry with its index.")],
        summary: "The ledger's entry about a certificate, whether people voted for it or a machine drew it.")

    private static let requestID = Route.Parameter("id", .id, "The request's id.")
}

// Revocations.
extension Routes {
    public static let requestRevocation = Route(
        "revocation.request", .post, api("revocations"), permission: registrationOfficer, bodies: [.json],
        answers: [.init(201, .json, "The revocation waits for votes.")], summary: "Ask that a certificate be revoked.")
    public static let revocations = Route(
        "revocations", .get, api("revocations"), query: paging(.id) + [state("requested, revoked or rejected")],
        permission: .person, answers: page("Revocations, newest first"),
        summary: "The revocations and their states.")
    public static let revocation = Route(
        "revocation", .get, api("revocations", .parameter(revocationID)), permission: .person,
        answers: [.init(200, .json, "Statement, certificate, submission, votes and state.")],
        summary: "Everything about one revocation, to be checked by the caller before a vote is signed.")
    public static let voteRevocation = Route(
        "revocation.vote", .post, api("revocations", .parameter(revocationID), "votes"), permission: .person, bodies: [.json],
        answers: [.init(200, .json, "The revocation's state after the vote.")],
        summary: "Approve or reject: a signed vote over the revocation's statement. The last approval that is needed revokes.")

    private static let revocationID = Route.Parameter("id", .id, "The revocation's id.")
}

// Allowances, and what machines draw from them.
extension Routes {
    public static let requestAllowance = Route(
        "allowance.request", .post, api("allowances"), permission: registrationOfficer, bodies: [.json],
        answers: [.init(201, .json, "The allowance waits for votes.")],
        summary: "Ask that a machine may have a number of certificates within a window.")
    public static let allowances = Route(
        "allowances", .get, api("allowances"), query: paging(.id) + [state("requested, open, rejected or closed")],
        permission: .person, answers: page("Allowances, newest first"),
        summary: "The allowances and their states.")
    public static let allowance = Route(
        "allowance", .get, api("allowances", .parameter(allowanceID)), permission: .person,
        answers: [.init(200, .json, "Statement, submission, votes, state, and how much is used.")],
        summary: "Everything about one allowance, to be checked by the caller before a vote is signed.")
    public static let voteAllowance = Route(
        "allowance.vote", .post, api("allowances", .parameter(allowanceID), "votes"), permission: .person, bodies: [.json],
        answers: [.init(200, .json, "The allowance's state after the vote.")],
        summary: "Approve or reject: a signed vote over the allowance's statement.")
    public static let closeAllowance = Route(
        "allowance.close", .post, api("allowances", .parameter(allowanceID), "close"), permission: registrationOfficer, bodies: [.json],
        answers: [.init(200, .json, "The allowance is closed for ever.")], summary: "End an open allowance at once.")
    public static let drawCertificate = Route(
        "certificate.draw", .post, api("certificates"),
        query: [
            .init("call", .id, isRequired: false, "With a raw CSR: the call's id."),
            .init("field", .text, isRequired: false, repeats: true, "With a raw CSR: name=value, once for each field of the profile."),
            .init("profile", .handle, isRequired: false, "With a raw CSR: the profile."),
        ], permission: .machine, bodies: [.json, .pkcs10],
        answers: [
            .init(201, .json, "The certificate and those above it; for a JSON body."),
            .init(200, .certificate, "The certificate in DER; for a raw CSR."),
        ],
        summary: "Have a certificate under an open allowance, in this call. Sent again with the same id, the answer is the same.")

    private static let allowanceID = Route.Parameter("id", .id, "The allowance's id.")
}

// The ledger and its proofs.
extension Routes {
    public static let checkpoint = Route(
        "ledger.checkpoint", .get, api("ledger", "checkpoint"), permission: .person,
        answers: [.init(200, .text, "A signed note.")], summary: "The newest signed checkpoint.")
    public static let entries = Route(
        "ledger.entries", .get, api("ledger", "entries"),
        query: [
            .init("from", .number, "Index of the first entry."),
            .init("count", .number, isRequired: false, "How many at most."),
        ], permission: .person, answers: [.init(200, .json, "Entries in base64, in order.")], summary: "Entries of the ledger.")
    public static let proof = Route(
        "ledger.proof", .get, api("ledger", "proof"), query: [.init("index", .number, "Index of the entry.")], permission: .person,
        answers: [.init(200, .text, "A proof file with its checkpoint.")], summary: "That an entry is in the ledger.")
    public static let consistency = Route(
        "ledger.consistency", .get, api("ledger", "consistency"),
        query: [.init("from", .number, "The smaller size."), .init("to", .number, "The larger size.")], permission: .person,
        answers: [.init(200, .json, "The proof's hashes.")], summary: "That a smaller ledger is the beginning of a larger one.")
    public static let audit = Route(
        "ledger.audit", .get, api("ledger", "audit"), permission: .person,
        answers: [.init(200, .json, "How many entries, checkpoints and rows were compared; all agree.")],
        summary: "Compare every stored row, tile and checkpoint with the entries. One comparison at a time.")
}

private func api(_ segments: Route.Segment...) -> [Route.Segment] { ["api", "v1"] + segments }
