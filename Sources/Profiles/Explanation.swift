import Basics
import PKIX

/// A certificate's content in plain words, computed from its bytes alone: what an officer is shown before a vote. Everything that
/// is in the certificate is shown, what is not understood as hexadecimal; text from the certificate is escaped.
public struct Explanation: Hashable, Sendable {
    public struct Line: Hashable, Sendable {
        /// "Valid until".
        public let label: String
        public let value: String
    }

    public let lines: [Line]

    public init(of tbs: TBSCertificate) {
        var lines = [
            Line(label: "Subject", value: tbs.subject.rdns.isEmpty ? "none" : tbs.subject.description),
            Line(label: "Issuer", value: tbs.issuer.description),
            Line(label: "Valid from", value: tbs.validity.notBefore.description),
            Line(label: "Valid until", value: tbs.validity.notAfter == .never ? "no end" : tbs.validity.notAfter.description),
            Line(label: "Key", value: "\(tbs.publicKey.keyAlgorithm.name), SHA-256 \(tbs.publicKey.digest.hex)"),
            Line(label: "Serial number", value: tbs.serialNumber.hex),
            Line(label: "Signature", value: Self.signature(tbs)),
        ]
        let isAuthority = tbs.extensions.contains {
            $0.oid == .basicConstraints && (try? BasicConstraints(der: $0.value))?.isAuthority == true
        }
        if !isAuthority { lines.append(Line(label: "Authority", value: "no: it issues no certificates")) }
        for one in tbs.extensions {
            for line in Self.lines(of: one, in: tbs) {
                lines.append(Line(label: line.label, value: one.isCritical ? line.value + " [critical]" : line.value))
            }
        }
        self.lines = lines
    }

    private static func signature(_ tbs: TBSCertificate) -> String {
        (try? SignatureAlgorithm(tbs.signature))?.name ?? tbs.signature.oid.description
    }

    private static func lines(of one: Extension, in tbs: TBSCertificate) -> [Line] {
        let unknown = [Line(label: "Extension \(one.oid.description)", value: one.value.hex)]
        switch one.oid {
        case .basicConstraints:
            guard let constraints = try? BasicConstraints(der: one.value) else { return unknown }
            guard constraints.isAuthority else { return [Line(label: "Constraints", value: "end entity")] }
            let below = constraints.pathLength.map { $0 == 0 ? "no authority below it" : "\($0) levels of authorities below it" }
            return [Line(label: "Authority", value: "YES: it issues certificates, " + (below ?? "any number of authorities below it"))]
        case .keyUsage:
            guard let usage = try? KeyUsage(der: one.value) else { return unknown }
            return [
                Line(
                    label: "May do",
                    value: KeyUsageNames.all.filter { usage.contains($0.bit) }.map { words($0.name) }.joined(separator: ", "))
            ]
        case .extendedKeyUsage:
            guard let purposes = try? ExtendedKeyUsage(der: one.value).purposes else { return unknown }
            return [Line(label: "Purposes", value: purposes.map(Purpose.words).joined(separator: ", "))]
        case .subjectAlternativeName:
            guard let names = try? SubjectAlternativeName(der: one.value).names else { return unknown }
            return names.map(line)
        case .subjectKeyIdentifier:
            guard let identifier = try? SubjectKeyIdentifier(der: one.value) else { return unknown }
            let own = identifier.bytes == tbs.publicKey.keyIdentifier
            return [Line(label: "Key identifier", value: identifier.bytes.hex + (own ? "" : " (not made from this key in the usual way)"))]
        case .authorityKeyIdentifier:
            guard let identifier = (try? AuthorityKeyIdentifier(der: one.value))?.keyIdentifier else { return unknown }
            return [Line(label: "Issuer's key", value: identifier.hex)]
        case .subjectAltPublicKeyInfo:
            guard let key = try? SubjectPublicKeyInfo(der: one.value) else { return unknown }
            return [Line(label: "Second key", value: "\(key.keyAlgorithm.name), SHA-256 \(key.digest.hex)")]
        case .altSignatureAlgorithm:
            guard let algorithm = try? tbs.alternativeSignatureAlgorithm() else { return unknown }
            return [Line(label: "Second signature", value: algorithm.name)]
        case .altSignatureValue:
            return [Line(label: "Second signature", value: "\(tbs.alternativeSignature?.count ?? 0) octets")]
        default: return unknown
        }
    }

    private static func words(_ usage: String) -> String {
        switch usage {
        case "digitalSignature": "sign (digitalSignature)"
        case "nonRepudiation": "sign for good (nonRepudiation)"
        case "keyEncipherment": "decrypt keys (keyEncipherment)"
        case "dataEncipherment": "decrypt data (dataEncipherment)"
        case "keyAgreement": "agree on keys (keyAgreement)"
        case "keyCertSign": "SIGN CERTIFICATES (keyCertSign)"
        case "cRLSign": "sign revocation lists (cRLSign)"
        default: usage
        }
    }

    private static func line(_ name: GeneralName) -> Line {
        switch name {
        case .dns(let host): return Line(label: "Host name", value: host.escaped)
        case .email(let address): return Line(label: "Mailbox", value: address.escaped)
        case .uri(let uri): return Line(label: "URI", value: uri.escaped)
        case .ip(let octets): return Line(label: "Address", value: address(octets))
        case .directoryName(let name): return Line(label: "Other subject", value: name.description)
        case .registeredID(let oid): return Line(label: "Registered identifier", value: oid.description)
        case .otherName(let type, let value): return other(type, value)
        }
    }

    /// `192.0.2.1`, or eight groups without abbreviation.
    private static func address(_ octets: Bytes) -> String {
        guard octets.count == 16 else { return octets.map(String.init).joined(separator: ".") }
        return stride(from: 0, to: 16, by: 2).map { String(UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1]), radix: 16) }
            .joined(separator: ":")
    }

    private static func other(_ type: OID, _ value: Bytes) -> Line {
        var reader = DER.Reader(value[...])
        let content = reader.value(0x30)
        var inner = DER.Reader(content ?? [])
        switch type {
        case .hardwareModuleName:
            guard content != nil, let (tag, oid) = inner.next(), tag == 0x06, let serial = inner.value(0x04), inner.isAtEnd,
                let kind = OID(content: Bytes(oid))
            else { break }
            return Line(label: "Device serial", value: "\(octets(serial)) (hardware module of type \(kind.description))")
        case .permanentIdentifier:
            guard content != nil else { break }
            let text = inner.value(0x0c).map { octets($0) } ?? "the subject's serialNumber"
            guard !inner.isAtEnd else { return Line(label: "Permanent identifier", value: text) }
            guard let oid = inner.value(0x06), inner.isAtEnd, let assigner = OID(content: Bytes(oid)) else { break }
            return Line(label: "Permanent identifier", value: "\(text) (assigned by \(assigner.description))")
        default: break
        }
        return Line(label: "Other name \(type.description)", value: value.hex)
    }

    /// Letters, digits and the like as text in quotes, anything else as hexadecimal: the one cannot be taken for the other.
    private static func octets(_ octets: ArraySlice<UInt8>) -> String {
        guard !octets.isEmpty, octets.allSatisfy({ (0x20...0x7e).contains($0) && $0 != 0x22 && $0 != 0x5c }) else {
            return "hex " + octets.hex
        }
        return "\"" + String(decoding: octets, as: UTF8.self) + "\""
    }
}
