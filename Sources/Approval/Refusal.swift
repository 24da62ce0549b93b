import Basics
import PKIX

/// Why a text, a roster, a vote or a statement is not accepted. Each case is one rule; codes are stable (docs/formats.md).
public enum Refusal: Error, Hashable, Sendable {
    /// The text does not parse, or is not written in its only form.
    case malformed(String, TextError)
    case note(String)
    case document(String, Problem)
    /// The text names another house.
    case foreignInstance
    case unknownKind(String)
    /// The signature line of the named signer is missing, doubled, of another key, or wrong.
    case badSignature(by: Handle)

    // Rosters
    case rosterNotNext(have: Int64, got: Int64)
    case rosterPrevious
    case rosterQuorum(administrators: Int)
    case rosterSignatures(have: Int, need: Int)
    case rosterExpired
    case rosterSpan
    case rosterKeyTwice
    case rosterNotSorted
    case rosterDoubled(String)
    case rosterIncomplete(String)
    /// An administrator is one for everything.
    case rosterAdministratorScope(String)
    case rosterLogChanged
    case rosterFirstHasDocuments
    /// A signature line by somebody who may not sign, or that does not verify.
    case rosterSignatureInvalid(String)
    case rosterPin
    case rosterUnknown
    case documentMissing(String)
    case personMismatch(String)

    // Statements
    case statementExpired
    case statementTooLong
    case statementNotYetOpen
    case statementClosed
    case documentNotInForce(String)
    case documentMismatch(String)
    case tbs(PKIXError)
    case contentMismatch
    case template(Problem)
    case request(PKIXError)
    case requestMismatch
    case keyMismatch
    case keyNotAllowed
    case authorityPurpose
    case wrongKey
    case alternativeSignature
    case submissionMissing
    case submissionMismatch
    case requesterUnknown

    // Votes
    case rejected(by: Handle)
    case quorumNotMet(have: Int, need: Int)
    case voterUnknown
    case voterNotEligible
    case voterIsRequester
    case voteTime
    case voteNotListed
    case voteKind
    case voteTwice

    // Allowances and draws
    case allowanceInvalid(String)
    /// The anchor has no line for it, or one for another statement.
    case allowanceUnknown
    /// The anchor has it, but the statement's bytes are not at hand.
    case allowanceMissing
    case allowanceClosed
    case revocationInvalid(String)
    case certificateRevoked
    case keyRevoked
    case keyBlocked(by: Handle)
    case blocklistMissing(Handle)
    case allowanceNode
    case allowanceWindow
    case allowanceMachine
    case drawNotReserved
    case drawMismatch

    // Ledger and anchor
    case anchor(String)
    case viewMismatch(String)
    case checkpointMismatch

    /// Stable, documented, tested.
    public var code: String {
        switch self {
        case .malformed(let what, _), .note(let what): "\(what).malformed"
        case .document: "document.invalid"
        case .foreignInstance: "approval.foreign-instance"
        case .unknownKind: "statement.unknown-kind"
        case .badSignature: "approval.signature-invalid"
        case .rosterNotNext: "roster.not-next"
        case .rosterPrevious: "roster.previous-mismatch"
        case .rosterQuorum: "roster.quorum-invalid"
        case .rosterSignatures: "roster.quorum-not-met"
        case .rosterExpired: "roster.expired"
        case .rosterSpan: "roster.span-too-long"
        case .rosterKeyTwice: "roster.key-twice"
        case .rosterNotSorted: "roster.not-sorted"
        case .rosterDoubled: "roster.line-twice"
        case .rosterIncomplete: "roster.incomplete"
        case .rosterAdministratorScope: "roster.administrator-scope"
        case .rosterLogChanged: "roster.log-changed"
        case .rosterFirstHasDocuments: "roster.first-has-documents"
        case .rosterSignatureInvalid: "roster.signature-invalid"
        case .rosterPin: "roster.pin-mismatch"
        case .rosterUnknown: "statement.roster-unknown"
        case .documentMissing: "roster.document-missing"
        case .personMismatch: "person.mismatch"
        case .statementExpired: "statement.expired"
        case .statementTooLong: "statement.span-too-long"
        case .statementNotYetOpen: "statement.not-yet-open"
        case .statementClosed: "statement.closed"
        case .documentNotInForce: "statement.document-not-in-force"
        case .documentMismatch: "statement.document-mismatch"
        case .tbs: "statement.certificate-malformed"
        case .contentMismatch: "statement.content-mismatch"
        case .template(let problem): problem.code
        case .request: "statement.request-malformed"
        case .requestMismatch: "statement.request-mismatch"
        case .keyMismatch: "statement.key-mismatch"
        case .keyNotAllowed: "statement.key-not-allowed"
        case .authorityPurpose: "authority.purpose"
        case .wrongKey: "authority.key-mismatch"
        case .alternativeSignature: "authority.alternative-signature"
        case .submissionMissing: "submission.missing"
        case .submissionMismatch: "submission.mismatch"
        case .requesterUnknown: "submission.requester-unknown"
        case .rejected: "statement.rejected"
        case .quorumNotMet: "approval.quorum-not-met"
        case .voterUnknown: "vote.voter-unknown"
        case .voterNotEligible: "vote.not-eligible"
        case .voterIsRequester: "vote.own-request"
        case .voteTime: "vote.time"
        case .voteNotListed: "vote.statement-not-listed"
        case .voteKind: "vote.kind-mismatch"
        case .voteTwice: "vote.twice"
        case .allowanceInvalid: "allowance.invalid"
        case .allowanceUnknown: "allowance.unknown"
        case .allowanceMissing: "allowance.record-missing"
        case .allowanceClosed: "allowance.closed"
        case .revocationInvalid: "revocation.invalid"
        case .certificateRevoked: "certificate.revoked"
        case .keyRevoked: "key.revoked"
        case .keyBlocked: "key.blocked"
        case .blocklistMissing: "blocklist.missing"
        case .allowanceNode: "allowance.other-node"
        case .allowanceWindow: "allowance.outside-window"
        case .allowanceMachine: "allowance.other-machine"
        case .drawNotReserved: "allowance.not-reserved"
        case .drawMismatch: "allowance.draw-mismatch"
        case .anchor: "custody.anchor-invalid"
        case .viewMismatch: "ledger.unverified"
        case .checkpointMismatch: "checkpoint.not-ours"
        }
    }
}

extension Refusal {
    /// What happened and what would be accepted, in words.
    public var detail: String {
        switch self {
        case .malformed(let what, let error): "The \(what) is not in its only form (\(error)). See docs/formats.md."
        case .note(let what): "The \(what) is not a signed note: text, an empty line, signature lines."
        case .document(let name, let problem):
            problem.detail.hasPrefix("\(name):") ? problem.detail : "Document \(name.escaped): \(problem.detail)"
        case .foreignInstance: "The text names another instance than this one."
        case .unknownKind(let kind):
            "A statement or vote of kind \(kind.escaped) has no place here; people vote on statements of kind certificate, allowance or revocation."
        case .badSignature(let name): "There is no single valid signature by \(name)'s vote key under this text."
        case .rosterNotNext(let have, let got):
            "Version \(got) does not follow version \(have). Fetch the present roster and make the change again."
        case .rosterPrevious: "The line `previous` is not the hash of the present roster."
        case .rosterQuorum(let count):
            "The quorum must be from 1 to \(count), the number of administrators, and at least 2 when there are two."
        case .rosterSignatures(let have, let need): "\(have) of \(need) administrators have signed this version."
        case .rosterExpired: "The proposal's time is over. Make it again."
        case .rosterSpan: "`expires` may lie at most 7 days after `time`, and not before it."
        case .rosterKeyTwice: "One public key stands on two lines. Every person has a login key and another vote key, of their own."
        case .rosterNotSorted: "Lines after `expires` stand in the order of their octets, each once."
        case .rosterDoubled(let name): "\(name.escaped) stands there twice."
        case .rosterIncomplete(let what): "\(what.escaped)"
        case .rosterAdministratorScope(let name):
            "\(name.escaped) is an administrator for one profile. Administrators are that for everything: `*`."
        case .rosterLogChanged: "The log's key cannot be changed by a roster of this version."
        case .rosterFirstHasDocuments: "Version 1 names people only; documents come with the next version."
        case .rosterSignatureInvalid(let name):
            "The signature line of \(name.escaped) is not by an administrator of this version or the one before, or does not verify."
        case .rosterPin:
            "Version 1 does not have the hash that was printed by `assay init`. This is another house, or its roster was replaced."
        case .rosterUnknown: "The statement was opened under a roster that is not in this chain."
        case .documentMissing(let name): "The bytes of document \(name.escaped) were not handed in."
        case .personMismatch(let what): "\(what.escaped)"
        case .statementExpired: "The statement's time is over. Submit the request again."
        case .statementTooLong: "The statement stays open longer than its policy, or 7 days, allows."
        case .statementNotYetOpen: "The statement was opened in the future."
        case .statementClosed: "The statement was decided before. It stays as it was decided."
        case .documentNotInForce(let name):
            "\(name.escaped) is not in force with the hash that the statement names. Submit the request again."
        case .documentMismatch(let what): "\(what.escaped)"
        case .tbs(let error): "The certificate to be signed cannot be read: \(error.text)"
        case .contentMismatch: "The certificate to be signed is not the one that the statement names."
        case .template(let problem): problem.detail
        case .request(let error): "The certificate signing request is not acceptable: \(error.text)"
        case .requestMismatch: "The certificate signing request is not the one that the statement names."
        case .keyMismatch: "The certificate's key is not the key of the certificate signing request."
        case .keyNotAllowed: "The profile does not allow this kind of key."
        case .authorityPurpose: "The authority's document does not allow it to sign this."
        case .wrongKey: "The signing key is not the one in the authority's document."
        case .alternativeSignature: "The alternative signature in the certificate is not one of the authority's."
        case .submissionMissing: "A request by a person carries that person's signed submission."
        case .submissionMismatch:
            "The submission is about another request, profile or person than the statement, or more than a day from its opening."
        case .requesterUnknown: "The requester is not in the present roster with a role that may submit requests."
        case .rejected(let name): "\(name) has rejected this. A rejection is final; submit a new request."
        case .quorumNotMet(let have, let need): "\(have) of \(need) approvals."
        case .voterUnknown: "The voter's key is not in the present roster."
        case .voterNotEligible: "The voter holds none of the roles that the approval policy names."
        case .voterIsRequester: "Nobody approves their own request."
        case .voteTime: "The vote's time lies before the statement was opened, or in the future."
        case .voteNotListed: "The vote does not list this statement."
        case .voteKind: "The vote is for statements of another kind."
        case .voteTwice: "This person has voted on this statement already. One person, one vote."
        case .allowanceInvalid(let what): what
        case .allowanceUnknown: "The anchor has no such allowance. Without its line there is none, whatever the database says."
        case .allowanceMissing: "The anchor has the allowance, but its statement is not in the database. Restore it from a backup."
        case .allowanceClosed: "The allowance was closed. Open another one."
        case .revocationInvalid(let what): what
        case .certificateRevoked: "The certificate was revoked. That is for ever."
        case .keyRevoked: "A certificate for this key was revoked because others may have the key. Make a new key."
        case .keyBlocked(let list): "The blocklist \(list) names this key: others have its private key, or can make it. Make a new key."
        case .blocklistMissing(let list):
            "This node has no file of the blocklist \(list). On its host: `assay blocklist add FILE`; a running node that lost it is "
                + "started again. Until then nothing is certified."
        case .allowanceNode: "The allowance is another node's: only that node counts its certificates."
        case .allowanceWindow: "It is not within the allowance's window."
        case .allowanceMachine: "The allowance is for another machine's key."
        case .drawNotReserved: "The number is not below what is reserved in the anchor."
        case .drawMismatch: "The draw does not name this house, its present roster, this moment, or the allowance's machine."
        case .anchor(let what): "The anchor is not what this program wrote: \(what)"
        case .viewMismatch(let what): "The database does not match the anchor: \(what)"
        case .checkpointMismatch: "A checkpoint is signed only over the tree that was committed and anchored."
        }
    }

    /// The same for an edge.
    public var problem: Problem {
        if case .template(let problem) = self { return problem }
        let kind: Problem.Kind =
            switch self {
            case .voterIsRequester, .voterNotEligible, .voterUnknown, .authorityPurpose, .requesterUnknown, .allowanceMachine,
                .allowanceNode,
                .allowanceWindow:
                .forbidden
            case .rejected, .statementExpired, .statementClosed, .voteTwice, .quorumNotMet, .rosterNotNext, .rosterPrevious,
                .documentNotInForce,
                .rosterSignatures, .allowanceUnknown, .allowanceMissing, .allowanceClosed, .certificateRevoked, .keyRevoked,
                .keyBlocked:
                .conflict
            case .blocklistMissing: .unavailable
            case .anchor, .viewMismatch, .checkpointMismatch, .drawNotReserved, .drawMismatch: .fault
            default: .invalid
            }
        return Problem(kind, code, title: title, detail: detail)
    }

    private var title: String {
        switch self {
        case .voterIsRequester: "Nobody approves their own request"
        case .rejected: "The request was rejected"
        case .quorumNotMet: "More approvals are needed"
        case .voteTwice: "This person has voted already"
        case .statementExpired: "The request has expired"
        case .statementClosed: "The request was decided already"
        case .rosterSignatures: "More administrators must sign"
        case .voterNotEligible: "This person may not vote on it"
        case .document: "The documents do not fit together"
        case .rosterIncomplete: "The roster would not be whole"
        case .rosterExpired: "The proposal has expired"
        case .anchor: "The anchor does not belong to this house"
        case .viewMismatch: "Database and anchor do not agree"
        case .documentNotInForce: "A document is no longer in force"
        case .personMismatch: "This person text does not fit"
        default: "It does not hold"
        }
    }
}
