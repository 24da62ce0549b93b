import Basics
import PKIX
import Proofs

extension TBSCertificate {
    /// What an entry says of the certificate's keys, by the numbers of ``Entry/DigestKey``.
    public var keyDigests: [UInt8: Digest32] {
        var digests = [Entry.DigestKey.key: publicKey.digest]
        digests[Entry.DigestKey.alternativeKey] = (try? alternativePublicKey())?.digest
        return digests
    }
}
