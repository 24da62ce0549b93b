import Approval
import Basics
import Node
import PKIX
import Proofs
import Registration
import Testing

extension TestHouse {
    /// The whole ledger from its bodies and tiles up to the newest checkpoint, and the certificates against it: each has exactly one entry,
    /// no statement two, no serial number twice.
    func audit(_ house: House, rows: Bool = true, location: SourceLocation = #_sourceLocation) async throws {
        let ledger = house.services.ledger
        let checkpoint = try await ledger.checkpoint()
        let view = try ledger.view()
        let (issued, statements) = try await ledger.store.read { snapshot in
            var check = LedgerCheck(origin: view.origin, keys: [view.charter.roster.log]) { try? snapshot.tile($0) }
            let end = try check.expect(checkpoint: checkpoint.rendered)
            var issued: [Digest32] = []
            var statements: [Digest32] = []
            for body in try snapshot.entries(0..<end.size) {
                try check.add(body)
                let entry = try Entry(decoding: body)
                guard entry.type == .certificateIssue else { continue }
                issued.append(entry.digests[Entry.DigestKey.certificate] ?? .zero)
                statements.append(entry.digests[Entry.DigestKey.statement] ?? .zero)
            }
            try check.finish()
            return (issued, statements)
        }
        if rows {
            await #expect(throws: Never.self, "Every row has its entry, and every entry its rows.", sourceLocation: location) {
                try await ledger.audit()
            }
        }
        let certificates = try await house.services.registrar.everyCertificate()
        #expect(Set(issued).count == issued.count, sourceLocation: location)
        #expect(Set(statements).count == statements.count, sourceLocation: location)
        #expect(Set(certificates.map(\.fingerprint)) == Set(issued), sourceLocation: location)
        #expect(Set(certificates.map(\.serial)).count == certificates.count, sourceLocation: location)
    }

    /// Everything that somebody was told is there, and stays as it was decided; asked again, nothing is signed a second time.
    func holds(_ told: [RequestRecord], _ house: House, location: SourceLocation = #_sourceLocation) async throws {
        let before = house.keys.signatures(.certificate)
        for record in told {
            let now = try await house.services.registrar.request(record.id)
            #expect(now.statement == record.statement, sourceLocation: location)
            #expect(Set(now.votes).isSuperset(of: record.votes), sourceLocation: location)
            guard record.state != .open else { continue }
            #expect(now.state == record.state, sourceLocation: location)
            #expect(now.certificate == record.certificate, sourceLocation: location)
            let again = try await vote(record, officers[1], house)
            #expect(again.state == record.state, sourceLocation: location)
            #expect(again.certificate == record.certificate, sourceLocation: location)
        }
        #expect(house.keys.signatures(.certificate) == before, sourceLocation: location)
    }
}

extension Registrar {
    /// The list of certificates, page after page.
    func everyCertificate() async throws -> [CertificateSummary] {
        var page = try await certificates(Paging(limit: 500))
        var all = page.elements
        while let next = page.next {
            page = try await certificates(Paging(limit: 500, after: Digest32(hex: next)))
            all += page.elements
        }
        return all
    }
}
