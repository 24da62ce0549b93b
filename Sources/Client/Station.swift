import Basics
import PKIX
import Profiles
import Wire

/// A machine at work: draws certificates under the allowance that people opened for its key.
public struct Station: Sendable {
    private let transport: any Transport

    public init(_ folder: MachineFolder, clocks: any Clocks = SystemClocks(), entropy: any Entropy = SystemEntropy()) throws(Problem) {
        let node = try folder.node()
        self.init(transport: try NodeClient(node.address, pin: node.serverKey, key: try folder.key(), clocks: clocks, entropy: entropy))
    }

    public init(transport: any Transport) { self.transport = transport }

    public func close() async { await transport.close() }

    /// A certificate for the request, in one call. The call's id follows from what is asked for: the same wish sent again, after a
    /// crash too, has the same answer and costs nothing.
    /// - Parameter file: the certificate signing request, PEM or DER.
    /// - Returns: the certificate, checked: of the request's key, signed by the first of the chain.
    public func draw(
        profile: Handle, csr file: Bytes, fields: [String: String]
    ) async throws(Problem) -> (certificate: Certificate, chain: [Certificate]) {
        // The station has no profiles; the server knows what this one forgives.
        let csr = try Session.request(file, Set(CertificateRequest.Leniency.allCases))
        let wish = JSON.object([
            "csr": .string(csr.der.base64), "fields": .object(fields.mapValues { .string($0) }), "profile": .string(profile.description),
        ])
        guard let call = ID(bytes: Bytes(Digest32(of: wish.canonicalBytes).bytes.prefix(16))), case .object(var members) = wish else {
            throw .answerMalformed("The call has no id.")
        }
        members["call"] = .string(call.description)
        var answer = try await transport.fields(Routes.drawCertificate, body: .json(.object(members)))
        do throws(PKIXError) {
            let certificate = try Certificate(der: try answer.octets("certificate"))
            var chain: [Certificate] = []
            for text in try answer.texts("chain") {
                guard let der = Bytes(base64: text) else { throw PKIXError.signatureInvalid }
                chain.append(try Certificate(der: der))
            }
            guard certificate.tbs.publicKey == csr.publicKey,
                try certificate.tbs.alternativePublicKey() == csr.alternative?.publicKey, let issuer = chain.first,
                zip([certificate] + chain, chain).allSatisfy({ $0.isSigned(by: $1) }),
                certificate.tbs.issuer == issuer.tbs.subject
            else { throw PKIXError.signatureInvalid }
            return (certificate, chain)
        } catch { throw .lied("The certificate is not one for this request, signed by the authority beside it.") }
    }
}

extension JSONFields {
    /// Read with one kind of error, where any of them means the same.
    fileprivate mutating func octets(_ key: String) throws(PKIXError) -> Bytes {
        do { return try base64(key) } catch { throw .signatureInvalid }
    }

    fileprivate mutating func texts(_ key: String) throws(PKIXError) -> [String] {
        do { return try strings(key) } catch { throw .signatureInvalid }
    }
}
