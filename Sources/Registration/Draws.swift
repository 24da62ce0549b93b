import Access
import Approval
import Authorities
import Basics
import Custody
import PKIX
import Profiles
import Proofs
import Storage
import Synchronization
import Transparency

/// What a machine asks for in one call.
public struct DrawWish: Hashable, Sendable {
    public let profile: Handle
    /// The certificate signing request's DER.
    public let csr: Bytes
    public let fields: [String: String]
    /// The machine's own id of this call: sent again with it, the answer is the same certificate.
    public let call: ID

    public init(profile: Handle, csr: Bytes, fields: [String: String], call: ID) {
        self.profile = profile
        self.csr = csr
        self.fields = fields
        self.call = call
    }

    /// H of everything that was asked for, so that one call is one wish.
    var digest: Digest32 {
        let lines = fields.sorted { $0.key < $1.key }.map { "\(Digest32(of: $0.key)) \(Digest32(of: $0.value))\n" }.joined()
        return Digest32(of: "assay/wish/v1\n\(profile)\n\(Digest32(of: csr))\n\(lines)")
    }
}

/// Calls of machines that are on their way; the same call at the same time is done once. Guards that, and nothing else.
final class Calls: Sendable {
    struct Key: Hashable {
        let machine: Digest32
        let call: ID
    }

    private let running = Mutex<[Key: Task<Result<Bytes, Problem>, Never>]>([:])

    func once(_ key: Key, _ work: @escaping @Sendable () async -> Result<Bytes, Problem>) async throws(Problem) -> Bytes {
        let task = running.withLock { running in
            if let task = running[key] { return task }
            let task = Task {
                let result = await work()
                self.running.withLock { $0[key] = nil }
                return result
            }
            running[key] = task
            return task
        }
        return try await task.value.get()
    }
}

extension Allowances {
    /// A certificate under an allowance, in the same call: no person is asked. Everything that limits it is in the anchor, in memory.
    /// - Returns: the certificate's DER, committed.
    public func draw(_ wish: DrawWish, by machine: Machine) async throws(Problem) -> Bytes {
        let digest = wish.digest
        if let known = try await drawn(wish.call, digest, machine) { return known }
        return try await calls.once(.init(machine: machine.key, call: wish.call)) {
            do throws(Problem) {
                // The same call may have ended a moment ago.
                if let known = try await drawn(wish.call, digest, machine) { return .success(known) }
                return .success(try await issue(wish, digest, machine))
            } catch { return .failure(error) }
        }
    }

    /// What this call got before.
    private func drawn(_ call: ID, _ wish: Digest32, _ machine: Machine) async throws(Problem) -> Bytes? {
        do {
            let row = try await ledger.store.read { snapshot in
                try snapshot.row(
                    "SELECT wish, fingerprint FROM draw WHERE machine = $1 AND call = $2", [.blob(machine.key), .blob(call.bytes)])
            }
            guard let row else { return nil }
            guard try row.blob("wish") == wish.bytes, let fingerprint = Digest32(bytes: try row.blob("fingerprint")) else {
                throw Problem(
                    .conflict, "allowance.call-reused", title: "The call's id was used for something else",
                    detail: "An earlier call with this id asked for another certificate. Draw with a new id.", field: "call")
            }
            guard !(try ledger.view().isRevoked(fingerprint)) else { throw Refusal.certificateRevoked }
            return try await Registrar(ledger: ledger, authorities: authorities, entropy: entropy).certificate(fingerprint)
        } catch { throw Problem(wrapping: error) }
    }

    /// The oldest allowance from which the machine may draw now; else the reason why the newest one refuses.
    private func allowance(for machine: Machine, _ profile: Handle, now: UTCTime, _ view: View) throws -> Allowance {
        let named = view.statements.values.filter { $0.machine.key == machine.key && $0.profile.name == profile }
            .sorted { $0.subject < $1.subject }
        guard let newest = named.last else {
            throw Problem(
                .forbidden, "allowance.other-profile", title: "No allowance is for this profile",
                detail: "No allowance lets \(machine.name) draw under profile \(profile).", field: "profile")
        }
        let usable = named.filter { !view.isClosed($0.digest) && $0.from <= now && now < $0.until }
        guard let first = usable.first else { throw view.isClosed(newest.digest) ? Refusal.allowanceClosed : Refusal.allowanceWindow }
        return usable.first { !ledger.isExhausted($0.subject) } ?? first
    }

    private func issue(_ wish: DrawWish, _ digest: Digest32, _ machine: Machine) async throws(Problem) -> Bytes {
        let now = try ledger.now()
        do {
            let view = try ledger.view()
            let allowance = try allowance(for: machine, wish.profile, now: now, view)
            let documents = view.charter.documents
            guard let profile = documents.profiles[allowance.profile.name], profile.reference == allowance.profile else {
                throw Refusal.documentNotInForce("profile \(allowance.profile.name)")
            }
            guard let authority = documents.authorities[allowance.authority.name], authority.reference == allowance.authority else {
                throw Refusal.documentNotInForce("authority \(allowance.authority.name)")
            }
            _ = try authorities.chain(of: authority.value.name)
            try await authorities.prepare(authority.value)
            let request = try Registrar.request(wish.csr, profile.value)
            let serial = SerialNumber(at: now, random: entropy.bytes(16))
            let filling = Filling(
                serial: serial, now: now, publicKey: request.publicKey, alternativeKey: request.alternative?.publicKey,
                fields: wish.fields, request: request)
            let tbs = try profile.value.fill(filling, issuer: try authority.value.asIssuer())
            let durable = view.anchored.size
            let known = try await ledger.store.read { snapshot in
                try snapshot.requireOwn(from: durable)
                let taken = try snapshot.row(
                    "SELECT created FROM certificate WHERE authority = $1 AND serial = $2",
                    [.text(authority.value.name.description), .blob(serial.bytes)])
                guard taken == nil else { throw StorageError.conflict }
                return try KeyReuse.check(tbs, profile.value, view, in: snapshot)
            }

            let number = try await ledger.takeNumber(of: allowance.subject)
            var isSigned = false
            do {
                // A view of now: the reserve may have grown, the allowance may have been closed.
                let view = try ledger.view()
                let draw = Draw(
                    instance: view.charter.instance, subject: ID(at: now, entropy: entropy), machine: machine.name,
                    rosterVersion: view.charter.roster.version, rosterDigest: view.charter.roster.digest, allowance: allowance.subject,
                    allowanceDigest: allowance.digest, number: number, request: request.digest, content: tbs.content, time: now)
                let certificate = try await authorities.sign(tbs, by: authority.value) { unfinished, key throws(Refusal) in
                    let warrant = try Guard(view: view, now: now)
                        .draw(draw, tbs: tbs.der, request: wish.csr, machine: machine.key, signing: unfinished, key: key)
                    isSigned = true
                    return warrant
                }
                let change = try change(certificate, draw, wish, digest, machine, authority.value.name, known, now)
                try await ledger.store.commit(change)
                return certificate.der
            } catch {
                // Rows can make a commit fail as often as somebody likes; signatures stay as many as were voted all the same. What custody
                // did not sign, or a token signed and did not hand over, is nobody's certificate.
                if !isSigned || error is CustodyError || [.busy, .closed].contains(error as? StorageError) {
                    ledger.giveBack(number, of: allowance.subject)
                }
                throw error
            }
        } catch { throw Problem(wrapping: error) }
    }

    private func change(
        _ certificate: Certificate, _ draw: Draw, _ wish: DrawWish, _ digest: Digest32, _ machine: Machine, _ authority: Handle,
        _ known: [KnownMentions], _ now: UTCTime
    ) throws(Problem) -> Change {
        let fingerprint = certificate.fingerprint
        let row: RowContent
        let drawn: RowContent
        do throws(StorageError) {
            row = try .certificate(certificate, authority: authority, under: draw.allowance, draw.digest, at: now)
            drawn = try RowContent(
                .draw,
                [
                    "allowance": .blob(draw.allowance.bytes), "number": .integer(draw.number), "machine": .blob(machine.key),
                    "call": .blob(wish.call.bytes), "wish": .blob(digest), "fingerprint": .blob(fingerprint),
                    "created": .integer(now.seconds),
                ])
        } catch { throw error.problem }
        return Change(
            writes: [row.insertion(while: known), drawn.insertion()],
            entries: [
                try ledger.entry(
                    .certificateIssue, at: now,
                    digests: [
                        Entry.DigestKey.request: draw.request, Entry.DigestKey.content: draw.content,
                        Entry.DigestKey.certificate: fingerprint, Entry.DigestKey.statement: draw.digest,
                        Entry.DigestKey.row: row.digest, Entry.DigestKey.secondRow: drawn.digest,
                    ].merging(certificate.tbs.keyDigests) { $1 }, roster: draw.rosterVersion, draw: draw)
            ])
    }
}
