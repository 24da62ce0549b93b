import Approval
import ArgumentParser
import Basics
import Client
import PKIX
import Proofs
import Wire

/// How results are told: the same option on every command that has one.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Tell the result as one JSON document on standard output, and an error as a problem (RFC 9457) on standard error.")
    var json = false
}

/// Whether the command at work speaks JSON: then ``say(_:)`` is silent. Set once, around a command's work.
enum Output {
    @TaskLocal static var isJSON = false
}

// What the commands answer with --json. Members are named as in the REST API; times are seconds since 1970, hashes as people see them.
extension JSON {
    static func count(_ number: Int) -> JSON { .integer(Int64(number)) }
    static func names(_ names: some Sequence<Handle>) -> JSON { .array(names.map { .string($0.description) }) }
    static func seconds(_ time: UTCTime) -> JSON { .integer(time.seconds) }

    static func certificate(_ certificate: Certificate) -> JSON {
        .object([
            "fingerprint": .string(certificate.fingerprint.hex), "subject": .string(certificate.tbs.subject.description),
            "issuer": .string(certificate.tbs.issuer.description), "serial": .string(certificate.tbs.serialNumber.hex),
            "notBefore": .seconds(certificate.tbs.validity.notBefore), "notAfter": .seconds(certificate.tbs.validity.notAfter),
            "keyAlgorithm": .string(certificate.tbs.publicKey.keyAlgorithm.name), "key": .string(certificate.tbs.publicKey.digest.base64),
            "der": .string(certificate.der.base64),
        ])
    }

    /// How far the votes on a statement are.
    static func votes(_ examined: Result<some ExaminedStatement, Refusal>) -> JSON {
        switch examined {
        case .success(let value):
            .object([
                "needed": .count(value.needed), "approvers": .names(value.approvers),
                "rejecter": value.rejecter.map { .string($0.description) } ?? .null,
            ])
        case .failure(let refusal): .object(["refused": .string(refusal.code), "detail": .string(refusal.detail)])
        }
    }

    static func proposal(_ proposal: RosterProposal) -> JSON {
        .object([
            "version": .integer(proposal.roster.version), "hash": .string(proposal.roster.digest.base64),
            "changes": .array(proposal.difference.map { .string($0) }), "signers": .names(proposal.signers),
        ])
    }

    static func outcome(_ outcome: ProposalOutcome) -> JSON {
        switch outcome {
        case .accepted(let version, let warnings, let closed):
            .object([
                "closed": .array(closed.map { .string($0.description) }),
                "state": .string("accepted"), "version": .integer(version), "warnings": .array(warnings.map { .string($0) }),
            ])
        case .proposed(let digest, let missing, let others):
            .object([
                "state": .string("proposed"), "hash": .string(digest.base64), "missing": .count(missing), "mayStillSign": .names(others),
            ])
        }
    }
}

extension RequestEvidence {
    var json: JSON {
        .object([
            "id": .string(id.description), "state": .string(state.rawValue),
            "requester": statement.requester.map { .string($0.description) } ?? .null,
            "profile": .string(statement.profile.name.description), "authority": .string(statement.authority.name.description),
            "statement": .string(statement.digest.base64), "opened": .seconds(statement.opened), "expires": .seconds(statement.expires),
            "roster": .integer(statement.rosterVersion), "subject": .string(tbs.subject.description),
            "serial": .string(tbs.serialNumber.hex), "notBefore": .seconds(tbs.validity.notBefore),
            "notAfter": .seconds(tbs.validity.notAfter), "tbs": .string(tbs.der.base64), "votes": .votes(examined),
            "reason": reason.map { .string($0) } ?? .null, "certificate": certificate.map { .certificate($0) } ?? .null,
        ])
    }
}

extension AllowanceReport {
    var json: JSON {
        .object([
            "id": .string(id.description), "state": .string(state.rawValue),
            "requester": statement.requester.map { .string($0.description) } ?? .null,
            "machine": .string(statement.machine.name.description), "key": .string(statement.machine.key.base64),
            "profile": .string(statement.profile.name.description), "authority": .string(statement.authority.name.description),
            "node": .string(statement.node.description), "number": .integer(statement.number), "drawn": .integer(drawn),
            "from": .seconds(statement.from), "until": .seconds(statement.until), "opened": .seconds(statement.opened),
            "expires": .seconds(statement.expires), "statement": .string(statement.digest.base64), "votes": .votes(examined),
            "decidedBy": decidedBy.map { .string($0) } ?? .null,
        ])
    }
}

extension RevocationReport {
    var json: JSON {
        .object([
            "id": .string(id.description), "state": .string(state.rawValue),
            "requester": statement.requester.map { .string($0.description) } ?? .null, "certificate": .certificate(certificate),
            "authority": .string(statement.authority.name.description), "profile": .string(statement.profile.name.description),
            "reason": .string(statement.reason.rawValue), "effective": .seconds(statement.effective),
            "opened": .seconds(statement.opened), "expires": .seconds(statement.expires),
            "statement": .string(statement.digest.base64), "votes": .votes(examined), "decidedBy": decidedBy.map { .string($0) } ?? .null,
        ])
    }
}

extension CertificateStatus {
    var json: JSON {
        .object([
            "revoked": .bool(isRevoked), "revocation": revocation.map { .string($0.description) } ?? .null,
            "reason": reason.map { .string($0) } ?? .null, "effective": effective.map { .seconds($0) } ?? .null,
        ])
    }
}
