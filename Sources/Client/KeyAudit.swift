import Basics

/// What the node's last comparison of all RSA keys found: its own word.
public struct KeyAudit: Hashable, Sendable {
    /// A key that shares a prime with another.
    public struct Finding: Hashable, Sendable {
        public let key: Digest32
        public let other: Digest32
        /// Fingerprints of the certificates that have it.
        public let certificates: [Digest32]
        public let authority: Handle?
    }

    public let time: UTCTime
    /// Entries of the ledger that it covers.
    public let entries: Int64
    public let keys: Int64
    public let findings: [Finding]

    /// - Returns: nil when none has ended yet.
    init?(_ fields: inout JSONFields) throws(Problem) {
        let findings = try fields.list("findings") { fields throws(Problem) in
            var certificates: [Digest32] = []
            for text in try fields.strings("certificates") {
                guard let digest = Digest32(hex: text) else {
                    throw fields.wrong("certificates", expected: "fingerprints in hexadecimal")
                }
                certificates.append(digest)
            }
            return Finding(
                key: try fields.digest("key"), other: try fields.digest("other"), certificates: certificates,
                authority: fields.optional("authority") == nil ? nil : try fields.handle("authority"))
        }
        guard fields.optional("time") != nil else { return nil }
        time = try fields.time("time")
        entries = try fields.integer("entries")
        keys = try fields.integer("keys")
        self.findings = findings
    }
}
