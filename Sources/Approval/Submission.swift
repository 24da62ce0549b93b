import Basics
import Proofs

/// A person's signed wish for a certificate: this request, under this profile.
public struct Submission: Hashable, Sendable {
    public static let context = "assay/submit/v1"
    /// How far its time may be from the statement's opening, in seconds: an old wish is not a new request.
    public static let freshness: Int64 = 86_400

    public let instance: Instance
    /// The request's id, drawn by the requester's client.
    public let subject: ID
    public let requester: Handle
    public let profile: DocumentReference
    /// H of the certificate signing request as submitted.
    public let request: Digest32
    public let time: UTCTime

    public init(instance: Instance, subject: ID, requester: Handle, profile: DocumentReference, request: Digest32, time: UTCTime) {
        self.instance = instance
        self.subject = subject
        self.requester = requester
        self.profile = profile
        self.request = request
        self.time = time
    }

    public var text: String {
        """
        \(Self.context)
        instance \(instance)
        subject \(subject)
        requester \(requester)
        profile \(profile.name) \(profile.digest)
        request \(request)
        time \(time.seconds)

        """
    }

    public var digest: Digest32 { Digest32(of: text) }

    /// Parses the note and verifies its only signature with a vote key that the requester has in `roster`.
    public init(_ note: SignedNote, roster: Roster) throws(Refusal) {
        do throws(TextError) {
            var reader = try TextReader(note.text, context: Self.context)
            instance = try reader.parsed("instance") { Instance($0) }
            subject = try reader.parsed("subject") { ID($0) }
            requester = try reader.handle("requester")
            profile = try reader.reference("profile")
            request = try reader.digest("request")
            time = try reader.time("time")
            try reader.end()
        } catch { throw .malformed("submission", error) }
        guard text == note.text else { throw .malformed("submission", .notCanonical) }
        guard instance == roster.instance else { throw .foreignInstance }
        let name = requester
        guard roster.holds(name, .registrationOfficer, for: profile.name) else { throw .requesterUnknown }
        guard try note.onlySigner("submission") == name, roster.voteKeys(of: name).contains(where: { note.isSigned(by: name, key: $0) })
        else {
            throw .badSignature(by: name)
        }
    }
}
