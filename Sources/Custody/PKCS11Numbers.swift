import Basics
import CPKCS11

/// Numbers of PKCS#11 2.40 to 3.2 that Assay uses, by their names in the standard.
enum PKCS11 {
    /// What an attribute is called (CKA_…).
    struct AttributeType: Hashable, Sendable {
        let number: UInt

        static let `class` = Self(number: 0x0)
        static let token = Self(number: 0x1)
        static let isPrivate = Self(number: 0x2)
        static let label = Self(number: 0x3)
        static let value = Self(number: 0x11)
        static let keyType = Self(number: 0x100)
        static let id = Self(number: 0x102)
        static let sensitive = Self(number: 0x103)
        static let encrypt = Self(number: 0x104)
        static let decrypt = Self(number: 0x105)
        static let wrap = Self(number: 0x106)
        static let unwrap = Self(number: 0x107)
        static let sign = Self(number: 0x108)
        static let signRecover = Self(number: 0x109)
        static let verify = Self(number: 0x10a)
        static let verifyRecover = Self(number: 0x10b)
        static let derive = Self(number: 0x10c)
        static let modulus = Self(number: 0x120)
        static let modulusBits = Self(number: 0x121)
        static let publicExponent = Self(number: 0x122)
        static let valueLength = Self(number: 0x161)
        static let extractable = Self(number: 0x162)
        static let local = Self(number: 0x163)
        static let neverExtractable = Self(number: 0x164)
        static let alwaysSensitive = Self(number: 0x165)
        static let modifiable = Self(number: 0x170)
        static let copyable = Self(number: 0x171)
        static let ecParameters = Self(number: 0x180)
        static let ecPoint = Self(number: 0x181)
        static let alwaysAuthenticate = Self(number: 0x202)
        static let parameterSet = Self(number: 0x61d)
        static let allowedMechanisms = Self(number: 0x4000_0600)
    }

    /// CKO_…
    enum ObjectClass: UInt {
        case publicKey = 2
        case privateKey = 3
        case secretKey = 4
    }

    /// CKK_…
    enum KeyType: UInt {
        case rsa = 0
        case ec = 3
        case aes = 0x1f
        case ecEdwards = 0x40
        case mlDSA = 0x4a
    }

    /// CKM_…
    enum Mechanism: UInt, Hashable, Sendable {
        case rsaKeyPair = 0x0
        case rsaPKCS1 = 0x1
        case rsaPSS = 0xd
        case mlDSAKeyPair = 0x1c
        case mlDSA = 0x1d
        case ecKeyPair = 0x1040
        case ecdsa = 0x1041
        case edwardsKeyPair = 0x1055
        case eddsa = 0x1057
        case aesKey = 0x1080
        case aesGCM = 0x1087

        /// As the standard spells it, for messages.
        var name: String {
            switch self {
            case .rsaKeyPair: "CKM_RSA_PKCS_KEY_PAIR_GEN"
            case .rsaPKCS1: "CKM_RSA_PKCS"
            case .rsaPSS: "CKM_RSA_PKCS_PSS"
            case .mlDSAKeyPair: "CKM_ML_DSA_KEY_PAIR_GEN"
            case .mlDSA: "CKM_ML_DSA"
            case .ecKeyPair: "CKM_EC_KEY_PAIR_GEN"
            case .ecdsa: "CKM_ECDSA"
            case .edwardsKeyPair: "CKM_EC_EDWARDS_KEY_PAIR_GEN"
            case .eddsa: "CKM_EDDSA"
            case .aesKey: "CKM_AES_KEY_GEN"
            case .aesGCM: "CKM_AES_GCM"
            }
        }
    }

    /// CKF_… of mechanisms.
    enum MechanismFlag {
        static let encrypt: UInt = 0x100
        static let decrypt: UInt = 0x200
        static let sign: UInt = 0x800
        static let generate: UInt = 0x8000
        static let generateKeyPair: UInt = 0x10000
        /// Of a mechanism that makes pairs: NSS says CKF_GENERATE of ML-DSA's.
        static let makesKeys = generateKeyPair | generate
    }

    /// CKF_… of tokens.
    enum TokenFlag {
        static let loginRequired: UInt = 0x4
        static let pinInitialized: UInt = 0x8
        static let protectedAuthenticationPath: UInt = 0x100
        static let initialized: UInt = 0x400
        static let pinFinalTry: UInt = 0x20000
        static let pinLocked: UInt = 0x40000
    }

    /// CKF_… of sessions; CKF_SERIAL_SESSION is always set.
    enum SessionFlag {
        static let readWrite: UInt = 0x2
        static let serial: UInt = 0x4
    }

    /// CKF_OS_LOCKING_OK: the module may use the system's locks, for we call from many threads.
    static let osLocking: UInt = 0x2
    /// CKU_USER.
    static let user: UInt = 1
    /// CKS_RO_USER_FUNCTIONS and CKS_RW_USER_FUNCTIONS: somebody is logged in.
    static let userStates: Set<UInt> = [1, 3]
    /// CK_UNAVAILABLE_INFORMATION.
    static let unavailable = UInt.max
}

/// One attribute of a template.
struct PKCS11Attribute: Hashable, Sendable {
    let type: PKCS11.AttributeType
    let value: Bytes

    init(_ type: PKCS11.AttributeType, _ value: Bytes) {
        self.type = type
        self.value = value
    }

    init(_ type: PKCS11.AttributeType, _ value: Bool) { self.init(type, [value ? 1 : 0] as Bytes) }

    /// CK_ULONGs, in the machine's order.
    init(_ type: PKCS11.AttributeType, _ values: [UInt]) { self.init(type, values.flatMap(Self.octets)) }

    init(_ type: PKCS11.AttributeType, _ value: UInt) { self.init(type, Self.octets(value)) }

    private static func octets(_ value: UInt) -> Bytes {
        let ordered = value.littleEndian
        return stride(from: 0, to: UInt.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: ordered >> $0) }
    }
}
