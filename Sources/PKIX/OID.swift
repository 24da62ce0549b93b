import Basics

/// An object identifier, kept as its DER content octets: arcs of any size, one spelling.
public struct OID: Hashable, Sendable {
    public static let longest = 64
    public let content: Bytes

    /// - Returns: nil unless `content` is well-formed: no arc begins with 80, the last arc ends, at most 64 octets.
    public init?(content: Bytes) {
        guard (1...Self.longest).contains(content.count), let last = content.last, last < 0x80 else { return nil }
        var startsArc = true
        for octet in content {
            if startsArc, octet == 0x80 { return nil }
            startsArc = octet < 0x80
        }
        self.content = content
    }

    /// The whole element: tag, length, content.
    public var encoded: Bytes { DERWriter.encode { $0.oid(self) } }

    /// - Parameter dotted: decimal arcs without leading zeros; the first is 0, 1 or 2, the second below 40 unless the first is 2.
    public init(_ dotted: String) throws(PKIXError) {
        guard dotted.utf8.count <= 256 else { throw .invalidOID(dotted) }
        var arcs: [Bytes] = []
        for part in dotted.utf8.split(separator: 0x2e, omittingEmptySubsequences: false) {
            guard let first = part.first, part.allSatisfy({ (0x30...0x39).contains($0) }), first != 0x30 || part.count == 1 else {
                throw .invalidOID(dotted)
            }
            arcs.append(Self.convert(part.map { $0 - 0x30 }, from: 10, to: 128))
        }
        guard arcs.count >= 2, arcs[0].count == 1, let root = arcs[0].first, root <= 2,
            root == 2 || (arcs[1].count == 1 && arcs[1][0] < 40)
        else { throw .invalidOID(dotted) }
        var content: Bytes = []
        for arc in [Self.adding(Int(root) * 40, to: arcs[1])] + arcs.dropFirst(2) {
            content += arc.dropLast().map { $0 | 0x80 } + arc.suffix(1)
        }
        guard content.count <= Self.longest else { throw .invalidOID(dotted) }
        self.content = content
    }

    /// Digits of a number in another base, most significant first, no leading zeros; zero is one digit.
    private static func convert(_ digits: Bytes, from: Int, to: Int) -> Bytes {
        var rest = digits
        var result: Bytes = []
        repeat {
            var remainder = 0
            var quotient: Bytes = []
            for digit in rest {
                let value = remainder * from + Int(digit)
                remainder = value % to
                if value >= to || !quotient.isEmpty { quotient.append(UInt8(value / to)) }
            }
            result.append(UInt8(remainder))
            rest = quotient
        } while !rest.isEmpty
        return result.reversed()
    }

    /// Adds to a number in base 128; the sum is not negative.
    private static func adding(_ number: Int, to digits: Bytes) -> Bytes {
        var sum: Bytes = []
        var carry = number
        for digit in digits.reversed() {
            let value = Int(digit) + carry
            sum.append(UInt8(value & 0x7f))
            carry = value >> 7
        }
        if carry > 0 { sum.append(UInt8(carry)) }
        return sum.reversed()
    }

    /// For constants of this room, whose content is written in hexadecimal.
    init(constant hex: String) { content = Bytes(hex: hex) ?? [] }
}

extension OID: CustomStringConvertible {
    /// Dotted decimal, arcs of any size.
    public var description: String {
        var arcs: [Bytes] = []
        var arc: Bytes = []
        for octet in content {
            arc.append(octet & 0x7f)
            if octet < 0x80 {
                arcs.append(arc)
                arc = []
            }
        }
        guard let first = arcs.first, let leading = first.first else { return "" }
        let root = first.count == 1 ? min(leading / 40, 2) : 2
        let second = Self.adding(-40 * Int(root), to: first)
        return ([[root], second] + arcs.dropFirst()).map { arc in
            String(decoding: Self.convert(arc, from: 128, to: 10).map { $0 + 0x30 }, as: UTF8.self)
        }.joined(separator: ".")
    }
}

extension OID {
    // Algorithms
    public static let ecPublicKey = OID(constant: "2a8648ce3d0201")
    public static let p256 = OID(constant: "2a8648ce3d030107")
    public static let ecdsaSHA256 = OID(constant: "2a8648ce3d040302")
    public static let ecdsaSHA384 = OID(constant: "2a8648ce3d040303")
    public static let ecdsaSHA512 = OID(constant: "2a8648ce3d040304")
    public static let p384 = OID(constant: "2b81040022")
    public static let p521 = OID(constant: "2b81040023")
    public static let rsaEncryption = OID(constant: "2a864886f70d010101")
    public static let rsaPSS = OID(constant: "2a864886f70d01010a")
    public static let rsaSHA256 = OID(constant: "2a864886f70d01010b")
    public static let rsaSHA384 = OID(constant: "2a864886f70d01010c")
    public static let rsaSHA512 = OID(constant: "2a864886f70d01010d")
    public static let mgf1 = OID(constant: "2a864886f70d010108")
    public static let sha256 = OID(constant: "608648016503040201")
    public static let sha384 = OID(constant: "608648016503040202")
    public static let sha512 = OID(constant: "608648016503040203")
    public static let ed25519 = OID(constant: "2b6570")
    public static let mlDSA87 = OID(constant: "608648016503040313")
    public static let mlDSA65 = OID(constant: "608648016503040312")
    public static let pbes2 = OID(constant: "2a864886f70d01050d")
    public static let pbkdf2 = OID(constant: "2a864886f70d01050c")
    public static let hmacSHA256 = OID(constant: "2a864886f70d0209")
    public static let aes256CBC = OID(constant: "60864801650304012a")
    // Attributes of names
    public static let commonName = OID(constant: "550403")
    public static let surname = OID(constant: "550404")
    public static let serialNumber = OID(constant: "550405")
    public static let countryName = OID(constant: "550406")
    public static let locality = OID(constant: "550407")
    public static let state = OID(constant: "550408")
    public static let street = OID(constant: "550409")
    public static let organization = OID(constant: "55040a")
    public static let organizationalUnit = OID(constant: "55040b")
    public static let title = OID(constant: "55040c")
    public static let givenName = OID(constant: "55042a")
    public static let dnQualifier = OID(constant: "55042e")
    public static let pseudonym = OID(constant: "550441")
    public static let domainComponent = OID(constant: "0992268993f22c640119")
    public static let userID = OID(constant: "0992268993f22c640101")
    public static let emailAddress = OID(constant: "2a864886f70d010901")
    // Attributes of requests
    public static let extensionRequest = OID(constant: "2a864886f70d01090e")
    public static let microsoftExtensionRequest = OID(constant: "2b060104018237" + "02010e")
    public static let challengePassword = OID(constant: "2a864886f70d010907")
    // Extensions
    public static let subjectKeyIdentifier = OID(constant: "551d0e")
    public static let keyUsage = OID(constant: "551d0f")
    public static let subjectAlternativeName = OID(constant: "551d11")
    public static let basicConstraints = OID(constant: "551d13")
    public static let nameConstraints = OID(constant: "551d1e")
    public static let crlDistributionPoints = OID(constant: "551d1f")
    public static let certificatePolicies = OID(constant: "551d20")
    public static let authorityKeyIdentifier = OID(constant: "551d23")
    public static let extendedKeyUsage = OID(constant: "551d25")
    public static let anyExtendedKeyUsage = OID(constant: "551d2500")
    public static let policyMappings = OID(constant: "551d21")
    public static let policyConstraints = OID(constant: "551d24")
    public static let freshestCRL = OID(constant: "551d2e")
    public static let inhibitAnyPolicy = OID(constant: "551d36")
    public static let noRevocationAvailable = OID(constant: "551d38")
    public static let authorityInformationAccess = OID(constant: "2b06010505070101")
    public static let ocspNoCheck = OID(constant: "2b0601050507300105")
    public static let ocsp = OID(constant: "2b06010505073001")
    public static let subjectAltPublicKeyInfo = OID(constant: "551d48")
    public static let altSignatureAlgorithm = OID(constant: "551d49")
    public static let altSignatureValue = OID(constant: "551d4a")
    // Extended key usages
    public static let serverAuth = OID(constant: "2b06010505070301")
    public static let clientAuth = OID(constant: "2b06010505070302")
    public static let codeSigning = OID(constant: "2b06010505070303")
    public static let emailProtection = OID(constant: "2b06010505070304")
    public static let timeStamping = OID(constant: "2b06010505070308")
    public static let ocspSigning = OID(constant: "2b06010505070309")
    // Other names
    public static let permanentIdentifier = OID(constant: "2b06010505070803")
    public static let hardwareModuleName = OID(constant: "2b06010505070804")
}
