import Access
import Approval
import Authorities
import Basics
import Policies
import Registration
import Transparency

/// The services that the API's handlers call, and what this node says of itself.
public struct Services: Sendable {
    /// What does not change while the process runs.
    public struct Facts: Sendable {
        public let software: String
        /// Where keys live and what protects them, in words.
        public let custody: String
        /// SHA-256 of the server's SubjectPublicKeyInfo.
        public let serverKey: Digest32

        /// What was found at the start, and stays so.
        public let warnings: [Problem]

        public init(software: String, custody: String, serverKey: Digest32, warnings: [Problem] = []) {
            self.warnings = warnings
            self.software = software
            self.custody = custody
            self.serverKey = serverKey
        }
    }

    public let ledger: Ledger
    public let invitations: Invitations
    public let rosters: Rosters
    public let authorities: CertificateAuthorities
    public let registrar: Registrar
    public let revocations: Revocations
    public let allowances: Allowances
    public let fleetKeys: FleetKeys
    public let facts: Facts

    public init(
        ledger: Ledger, invitations: Invitations, rosters: Rosters, authorities: CertificateAuthorities, registrar: Registrar,
        revocations: Revocations, allowances: Allowances, fleetKeys: FleetKeys, facts: Facts
    ) {
        self.ledger = ledger
        self.invitations = invitations
        self.rosters = rosters
        self.authorities = authorities
        self.registrar = registrar
        self.revocations = revocations
        self.allowances = allowances
        self.fleetKeys = fleetKeys
        self.facts = facts
    }
}
