import Basics

/// The statement that lets one machine, by its key, have a number of certificates within a window (docs/formats.md, allowance).
public struct Allowance: VotedStatement {
    public static let kind = "allowance"
    public static let mostCertificates: Int64 = 1_000_000
    /// Seconds from the statement's opening to the window's end at most.
    public static let longestWindow: Int64 = 366 * 86_400

    /// Who may draw: a name to be read, and the key that counts.
    public struct Machine: Hashable, Sendable {
        public let name: Handle
        /// SHA-256 of its SubjectPublicKeyInfo.
        public let key: Digest32

        public init(name: Handle, key: Digest32) {
            self.name = name
            self.key = key
        }
    }

    public let instance: Instance
    /// The allowance's id.
    public let subject: ID
    public let requester: Handle?
    public let rosterVersion: Int64
    public let rosterDigest: Digest32
    public let policy: DocumentReference
    public let profile: DocumentReference
    public let authority: DocumentReference
    public let machine: Machine
    /// The only node that counts its certificates.
    public let node: Handle
    /// How many certificates at most.
    public let number: Int64
    public let from: UTCTime
    /// The first moment behind the window.
    public let until: UTCTime
    public let opened: UTCTime
    /// Until when it can be voted on.
    public let expires: UTCTime

    public init(
        instance: Instance, subject: ID, requester: Handle?, rosterVersion: Int64, rosterDigest: Digest32, policy: DocumentReference,
        profile: DocumentReference, authority: DocumentReference, machine: Machine, node: Handle, number: Int64, from: UTCTime,
        until: UTCTime, opened: UTCTime, expires: UTCTime
    ) {
        self.instance = instance
        self.subject = subject
        self.requester = requester
        self.rosterVersion = rosterVersion
        self.rosterDigest = rosterDigest
        self.policy = policy
        self.profile = profile
        self.authority = authority
        self.machine = machine
        self.node = node
        self.number = number
        self.from = from
        self.until = until
        self.opened = opened
        self.expires = expires
    }

    public var text: String {
        """
        \(headText)
        machine \(machine.name) \(machine.key)
        node \(node)
        number \(number)
        from \(from.seconds)
        until \(until.seconds)
        opened \(opened.seconds)
        expires \(expires.seconds)

        """
    }

    public var digest: Digest32 { Digest32(of: text) }

    /// Its requester signs the statement itself: nothing in it is the server's to choose.
    public var wish: Digest32 { digest }

    /// How many numbers are reserved at once.
    public static func block(of number: Int64) -> Int64 { max(1, min(number / 100, 1000)) }

    public init(text: String) throws(Refusal) {
        let head = try StatementHead(of: text, kind: Self.kind)
        instance = head.instance
        subject = head.subject
        requester = head.requester
        rosterVersion = head.rosterVersion
        rosterDigest = head.rosterDigest
        policy = head.policy
        profile = head.profile
        authority = head.authority
        do throws(TextError) {
            var reader = head.rest
            let named = try reader.reference("machine")
            machine = Machine(name: named.name, key: named.digest)
            node = try reader.handle("node")
            number = try reader.number("number")
            from = try reader.time("from")
            until = try reader.time("until")
            opened = try reader.time("opened")
            expires = try reader.time("expires")
            try reader.end()
        } catch { throw .malformed("statement", error) }
        guard self.text == text else { throw .malformed("statement", .notCanonical) }
    }
}

/// The statement of one certificate under an allowance: derived by the guard's caller in the call itself, never voted, never stored.
/// There is no way to read one: a text that says so is no evidence.
public struct Draw: Hashable, Sendable {
    public static let kind = "draw"

    public let instance: Instance
    /// Drawn for this certificate.
    public let subject: ID
    public let machine: Handle
    public let rosterVersion: Int64
    public let rosterDigest: Digest32
    /// The allowance's id, and H of its statement.
    public let allowance: ID
    public let allowanceDigest: Digest32
    /// From 0.
    public let number: Int64
    /// H of the certificate signing request as received.
    public let request: Digest32
    /// H of the TBSCertificate that will be signed.
    public let content: Digest32
    public let time: UTCTime

    public init(
        instance: Instance, subject: ID, machine: Handle, rosterVersion: Int64, rosterDigest: Digest32, allowance: ID,
        allowanceDigest: Digest32, number: Int64, request: Digest32, content: Digest32, time: UTCTime
    ) {
        self.instance = instance
        self.subject = subject
        self.machine = machine
        self.rosterVersion = rosterVersion
        self.rosterDigest = rosterDigest
        self.allowance = allowance
        self.allowanceDigest = allowanceDigest
        self.number = number
        self.request = request
        self.content = content
        self.time = time
    }

    public var text: String {
        """
        \(Statement.context)
        instance \(instance)
        kind \(Self.kind)
        subject \(subject)
        requester \(machine)
        roster \(rosterVersion) \(rosterDigest)
        allowance \(allowance) \(allowanceDigest)
        draw \(number)
        request \(request)
        content \(content)
        time \(time.seconds)

        """
    }

    public var digest: Digest32 { Digest32(of: text) }

    /// Octets of ``object``; other entries are about 16.
    public static let objectLength = 24

    /// What ledger entries are about: the allowance's 16 octets, and the number's 8.
    public var object: Bytes { Self.object(allowance, number) }

    public static func object(_ allowance: ID, _ number: Int64) -> Bytes {
        allowance.bytes + (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    }
}
