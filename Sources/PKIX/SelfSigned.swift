import Basics

/// Certificates that servers and people make for their own keys, for TLS only; the other side trusts them by pin. Nothing that an
/// authority issues comes from here.
public enum SelfSigned {
    /// - Parameters:
    ///   - name: the common name, at most 64 characters.
    ///   - addresses: DNS names and IP addresses under which a server is reached; none for a client's certificate.
    /// - Throws: ``PKIXError/invalidAddress(_:)``, or what is wrong with the name or validity.
    public static func certificate(
        key: PrivateKey, name: String, addresses: [String], validity: Validity, serial: SerialNumber
    ) throws(PKIXError) -> Certificate {
        guard name.unicodeScalars.count <= 64 else { throw .invalidString(.commonName) }
        let subject = try Name([try Attribute(oid: .commonName, kind: .utf8, text: name)])
        var names: [GeneralName] = []
        for address in addresses { names.append(try generalName(address)) }
        let algorithm = SignatureAlgorithm.preferred(for: key.publicKey.keyAlgorithm)
        var extensions = [
            Extension(oid: .basicConstraints, isCritical: true, value: BasicConstraints.endEntity.der),
            Extension(oid: .keyUsage, isCritical: true, value: KeyUsage.digitalSignature.der),
            Extension(oid: .extendedKeyUsage, isCritical: false, value: ExtendedKeyUsage(purposes: [.serverAuth, .clientAuth]).der),
            Extension(oid: .subjectKeyIdentifier, isCritical: false, value: SubjectKeyIdentifier(bytes: key.publicKey.keyIdentifier).der),
        ]
        if !names.isEmpty {
            extensions.append(
                Extension(oid: .subjectAlternativeName, isCritical: false, value: SubjectAlternativeName(names: names).der))
        }
        let tbs = try TBSCertificate(
            serialNumber: serial, signature: algorithm.identifier, issuer: subject, validity: validity, subject: subject,
            publicKey: key.publicKey, extensions: extensions)
        return Certificate(tbs: tbs, signature: try key.sign(tbs.der))
    }

    private static func generalName(_ address: String) throws(PKIXError) -> GeneralName {
        if let octets = IPAddress.octets(address) { return .ip(octets) }
        guard isHostName(address) else { throw .invalidAddress(address) }
        return .dns(address)
    }

    /// Labels of letters, digits and inner hyphens (RFC 1123 §2.1); the last is not a number, or it would be a broken IP address.
    private static func isHostName(_ text: String) -> Bool {
        let labels = text.utf8.split(separator: 0x2e, omittingEmptySubsequences: false)
        guard (1...253).contains(text.utf8.count), let last = labels.last, !last.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return false
        }
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != 0x2d && label.last != 0x2d
                && label.allSatisfy { character in
                    switch character {
                    case 0x2d, 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
                    default: false
                    }
                }
        }
    }
}
