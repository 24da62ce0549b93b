import Basics
import PKIX
import Storage
import Transparency

extension RowContent {
    /// The row of a certificate that was signed.
    /// - Parameters:
    ///   - id: the request's, or the allowance's.
    ///   - statement: of the statement that it was signed for, a draw's own included.
    static func certificate(
        _ certificate: Certificate, authority: Handle, under id: ID, _ statement: Digest32, at time: UTCTime
    ) throws(StorageError) -> RowContent {
        try RowContent(
            .certificate,
            [
                "fingerprint": .blob(certificate.fingerprint), "serial": .blob(certificate.tbs.serialNumber.bytes),
                "authority": .text(authority.description), "request_id": .blob(id.bytes), "statement_hash": .blob(statement),
                "der": .blob(certificate.der), "not_after": .integer(certificate.tbs.validity.notAfter.seconds),
                "created": .integer(time.seconds),
            ])
    }
}
