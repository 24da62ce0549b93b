import Basics
import PKIX

/// Which certificates a peer may show. They say nothing about who the peer is: they carry a key, and the roster knows whose it is.
///
/// Validity and names are not looked at. That the peer has the private key, the TLS stack has checked (CertificateVerify,
/// RFC 8446 §4.4.3) before the first octet of a request is given on.
public enum PeerCertificate {
    /// Why a certificate is refused in the handshake.
    public enum Refusal: Error, Hashable, Sendable {
        /// Not exactly one certificate.
        case count(Int)
        /// Longer than 4096 octets.
        case tooLong
        case unreadable(PKIXError)
        /// Not a P-256 key.
        case key(String)
        /// Issuer and subject differ, or the signature is not by the certificate's own key.
        case notSelfSigned

        public var text: String {
            switch self {
            case .count(let count): "one certificate is expected, \(count) came"
            case .tooLong: "the certificate is longer than 4096 octets"
            case .unreadable(let error): "the certificate is not accepted: \(error.text)"
            case .key(let name): "a P-256 key is expected, the certificate has one of \(name)"
            case .notSelfSigned: "the certificate is not signed with its own key"
            }
        }
    }

    /// - Parameter chain: what the peer sent, each certificate in DER.
    public static func key(in chain: [Bytes]) throws(Refusal) -> SubjectPublicKeyInfo {
        guard let der = chain.first, chain.count == 1 else { throw .count(chain.count) }
        guard der.count <= 4096 else { throw .tooLong }
        let certificate: Certificate
        do { certificate = try Certificate(der: der) } catch { throw .unreadable(error) }
        let key = certificate.tbs.publicKey
        guard key.keyAlgorithm == .ecdsaP256 else { throw .key(key.keyAlgorithm.name) }
        guard certificate.tbs.issuer == certificate.tbs.subject, certificate.isSigned(by: key) else { throw .notSelfSigned }
        return key
    }
}
