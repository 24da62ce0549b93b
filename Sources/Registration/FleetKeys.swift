import Approval
import Basics
import Factors
import PKIX
import Proofs
import Storage
import Synchronization
import Transparency

/// The RSA keys of all certificates and authorities, compared with each other. Devices whose random numbers begin alike make keys with a
/// prime in common; each such key looks good alone, and whoever has both has both private keys.
public actor FleetKeys {
    /// A key that has a factor in common with another.
    public struct Finding: Hashable, Sendable {
        /// H of its SubjectPublicKeyInfo.
        public let key: Digest32
        /// One that it shares a factor with. The factor itself is told to nobody.
        public let other: Digest32
        /// The certificates that have it, in the order in which they were issued; empty for an authority's.
        public let certificates: [Digest32]
        public let authority: Handle?
    }

    /// What the last comparison found.
    public struct Report: Hashable, Sendable {
        public let time: UTCTime
        /// Entries of the ledger that it covers, from the first.
        public let entries: Int64
        /// Different RSA keys.
        public let keys: Int
        public let findings: [Finding]
    }

    private struct Key: Sendable {
        let digest: Digest32
        let modulus: Bytes
        var certificates: [Digest32]
        let authority: Handle?
    }

    private let ledger: Ledger
    private var next: Int64 = 0
    private var keys: [Key] = []
    private var places: [Digest32: Int] = [:]
    /// How many of `keys` were compared with all before them.
    private var compared = 0
    /// Places of keys with a common factor, and of one that they have it with.
    private var sharing: [Int: Int] = [:]
    /// nil until the first comparison has ended.
    public private(set) var report: Report?
    private var isRunning = false

    public init(ledger: Ledger) { self.ledger = ledger }

    /// Takes what has been issued since the last time, and compares it with everything. It reads the ledger and computes on a thread of its
    /// own; of 2048-bit keys, those of 16,384 certificates are multiplied at a time.
    /// - Throws: what reading throws; `CancellationError` soon after the task was cancelled, and then nothing is lost but the time.
    public func update() async throws {
        guard !isRunning else { return }
        isRunning = true
        defer { isRunning = false }
        let now = try ledger.now()
        takeAuthorities(try ledger.view().charter.documents)
        while try await takePage() { try Task.checkCancellation() }
        while compared < keys.count {
            let end = min(keys.count, compared + Self.block)
            try await compare(compared..<end)
            compared = end
        }
        report = Report(time: now, entries: next, keys: keys.count, findings: findings())
    }

    // MARK: Reading

    private static let page: Int64 = 2048

    /// - Returns: whether there may be more.
    private func takePage() async throws -> Bool {
        let first = next
        let known = places
        let (end, issued) = try await ledger.store.read { snapshot in
            let end = min(try snapshot.head().size, first + Self.page)
            var issued: [(certificate: Digest32, key: Digest32, modulus: Bytes)] = []
            for body in try snapshot.entries(first..<end) {
                guard let entry = try? Entry(decoding: body), entry.type == .certificateIssue,
                    let fingerprint = entry.digests[Entry.DigestKey.certificate]
                else { continue }
                if let key = entry.digests[Entry.DigestKey.key], known[key] != nil {
                    issued.append((fingerprint, key, []))
                    continue
                }
                // What was altered is the audit's to name.
                guard
                    let der = try snapshot.row("SELECT der FROM certificate WHERE fingerprint = $1", [.blob(fingerprint)])?.blob("der"),
                    Digest32(of: der) == fingerprint, let found = Certificate.rsaModulus(der: der)
                else { continue }
                issued.append((fingerprint, found.key, found.modulus))
            }
            return (end, issued)
        }
        for one in issued { take(one.key, one.modulus, certificate: one.certificate) }
        next = end
        return end == first + Self.page
    }

    private func take(_ key: Digest32, _ modulus: Bytes, certificate: Digest32? = nil, authority: Handle? = nil) {
        if let place = places[key] {
            if let certificate { keys[place].certificates.append(certificate) }
        } else {
            places[key] = keys.count
            keys.append(Key(digest: key, modulus: modulus, certificates: certificate.map { [$0] } ?? [], authority: authority))
        }
    }

    private func takeAuthorities(_ documents: Documents) {
        for authority in documents.authorities.values.map(\.value).sorted(by: { $0.name < $1.name }) {
            for key in authority.signingKeys.map(\.publicKey) {
                guard let modulus = key.rsaModulus else { continue }
                take(key.digest, modulus, authority: authority.name)
            }
        }
    }

    // MARK: Comparing

    private static let block = 1 << 14

    /// Compares some keys with each other, and with all before them.
    private func compare(_ range: Range<Int>) async throws {
        let moduli = keys[..<range.upperBound].map(\.modulus)
        let stop = Stop()
        let found = await withTaskCancellationHandler {
            await QuietThread.run { Self.sharing(moduli, range, stop) }
        } onCancel: {
            stop.set()
        }
        try Task.checkCancellation()
        guard !found.isEmpty else { return }
        let all = Set(sharing.keys).union(found).sorted()
        for place in all where sharing[place] == nil {
            sharing[place] = all.first { $0 != place && haveCommonFactor(moduli[place], moduli[$0]) }
        }
    }

    private final class Stop: Sendable {
        private let isSet = Mutex(false)
        func set() { isSet.withLock { $0 = true } }
        var wasSet: Bool { isSet.withLock { $0 } }
    }

    /// - Returns: places of those that share a factor, as far as one of the two lies in `range`.
    private static func sharing(_ moduli: [Bytes], _ range: Range<Int>, _ stop: Stop) -> Set<Int> {
        let fresh = ModulusTree(Array(moduli[range]))
        var found = Set(fresh.sharing().map { range.lowerBound + $0 })
        for start in stride(from: 0, to: range.lowerBound, by: block) {
            guard !stop.wasSet else { return [] }
            let earlier = start..<min(start + block, range.lowerBound)
            let tree = ModulusTree(Array(moduli[earlier]))
            let mine = fresh.sharing(with: tree).map { range.lowerBound + $0 }
            guard !mine.isEmpty else { continue }
            found.formUnion(mine)
            found.formUnion(tree.sharing(with: ModulusTree(mine.map { moduli[$0] })).map { start + $0 })
        }
        return found
    }

    private func findings() -> [Finding] {
        sharing.sorted { $0.key < $1.key }.map { place, other in
            Finding(
                key: keys[place].digest, other: keys[other].digest, certificates: keys[place].certificates, authority: keys[place].authority
            )
        }
    }
}
