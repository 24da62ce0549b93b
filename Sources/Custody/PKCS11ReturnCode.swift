import Basics

/// What a module answers: CKR_… (PKCS#11 2.40 §5.1), and what follows from it.
struct PKCS11ReturnCode: Hashable, Sendable {
    let number: UInt

    static let ok = Self(number: 0)
    static let bufferTooSmall = Self(number: 0x150)
    static let notInitialized = Self(number: 0x190)
    static let alreadyInitialized = Self(number: 0x191)
    static let alreadyLoggedIn = Self(number: 0x100)
    static let notLoggedIn = Self(number: 0x101)
    static let functionNotSupported = Self(number: 0x54)
    /// Of attributes: the rest of the template is filled all the same.
    static let attributeSensitive = Self(number: 0x11)
    static let attributeTypeInvalid = Self(number: 0x12)
    static let mechanismInvalid = Self(number: 0x70)
    static let sessionHandleInvalid = Self(number: 0xb3)

    /// What to do about it.
    enum Reaction: Hashable, Sendable {
        /// A session, the login or the running operation is lost: look after the login, and try on another session.
        case lost
        /// A key's handle means nothing any more: find the key again.
        case stale
        /// The token or the whole module is gone: find it again, with back-off.
        case gone
        /// Anything may be behind it: another session, once or twice.
        case failing
        /// No room for this now.
        case full
        /// A wrong or locked PIN: nothing is tried again until an operator has acted.
        case pin
        /// The template asks for something that this module does not know.
        case template
        /// It will always be answered so.
        case permanent
    }

    private static let table: [UInt: (name: String, reaction: Reaction)] = [
        0x1: ("CKR_CANCEL", .permanent), 0x2: ("CKR_HOST_MEMORY", .lost), 0x3: ("CKR_SLOT_ID_INVALID", .gone),
        0x5: ("CKR_GENERAL_ERROR", .failing), 0x6: ("CKR_FUNCTION_FAILED", .failing), 0x7: ("CKR_ARGUMENTS_BAD", .permanent),
        0xa: ("CKR_CANT_LOCK", .permanent), 0x10: ("CKR_ATTRIBUTE_READ_ONLY", .template), 0x11: ("CKR_ATTRIBUTE_SENSITIVE", .permanent),
        0x12: ("CKR_ATTRIBUTE_TYPE_INVALID", .template), 0x13: ("CKR_ATTRIBUTE_VALUE_INVALID", .template),
        0x1b: ("CKR_ACTION_PROHIBITED", .permanent), 0x20: ("CKR_DATA_INVALID", .permanent), 0x21: ("CKR_DATA_LEN_RANGE", .permanent),
        0x30: ("CKR_DEVICE_ERROR", .failing), 0x31: ("CKR_DEVICE_MEMORY", .full), 0x32: ("CKR_DEVICE_REMOVED", .gone),
        0x40: ("CKR_ENCRYPTED_DATA_INVALID", .permanent), 0x41: ("CKR_ENCRYPTED_DATA_LEN_RANGE", .permanent),
        0x42: ("CKR_AEAD_DECRYPT_FAILED", .permanent), 0x50: ("CKR_FUNCTION_CANCELED", .permanent),
        0x54: ("CKR_FUNCTION_NOT_SUPPORTED", .permanent),
        0x60: ("CKR_KEY_HANDLE_INVALID", .stale), 0x62: ("CKR_KEY_SIZE_RANGE", .permanent),
        0x63: ("CKR_KEY_TYPE_INCONSISTENT", .permanent), 0x68: ("CKR_KEY_FUNCTION_NOT_PERMITTED", .permanent),
        0x70: ("CKR_MECHANISM_INVALID", .permanent), 0x71: ("CKR_MECHANISM_PARAM_INVALID", .permanent),
        0x82: ("CKR_OBJECT_HANDLE_INVALID", .stale), 0x90: ("CKR_OPERATION_ACTIVE", .lost),
        0x91: ("CKR_OPERATION_NOT_INITIALIZED", .lost), 0xa0: ("CKR_PIN_INCORRECT", .pin), 0xa1: ("CKR_PIN_INVALID", .pin),
        0xa2: ("CKR_PIN_LEN_RANGE", .pin), 0xa3: ("CKR_PIN_EXPIRED", .pin), 0xa4: ("CKR_PIN_LOCKED", .pin),
        0xb0: ("CKR_SESSION_CLOSED", .lost), 0xb1: ("CKR_SESSION_COUNT", .full), 0xb3: ("CKR_SESSION_HANDLE_INVALID", .lost),
        0xb5: ("CKR_SESSION_READ_ONLY", .permanent), 0xd0: ("CKR_TEMPLATE_INCOMPLETE", .template),
        0xd1: ("CKR_TEMPLATE_INCONSISTENT", .template), 0xe0: ("CKR_TOKEN_NOT_PRESENT", .gone), 0xe1: ("CKR_TOKEN_NOT_RECOGNIZED", .gone),
        0xe2: ("CKR_TOKEN_WRITE_PROTECTED", .permanent), 0x100: ("CKR_USER_ALREADY_LOGGED_IN", .permanent),
        0x101: ("CKR_USER_NOT_LOGGED_IN", .lost), 0x102: ("CKR_USER_PIN_NOT_INITIALIZED", .pin),
        0x104: ("CKR_USER_ANOTHER_ALREADY_LOGGED_IN", .pin), 0x130: ("CKR_DOMAIN_PARAMS_INVALID", .template),
        0x140: ("CKR_CURVE_NOT_SUPPORTED", .template), 0x150: ("CKR_BUFFER_TOO_SMALL", .permanent),
        0x190: ("CKR_CRYPTOKI_NOT_INITIALIZED", .gone), 0x191: ("CKR_CRYPTOKI_ALREADY_INITIALIZED", .permanent),
        0x200: ("CKR_FUNCTION_REJECTED", .permanent), 0x201: ("CKR_TOKEN_RESOURCE_EXCEEDED", .full),
        0x203: ("CKR_KEY_EXHAUSTED", .permanent),
    ]

    /// A number that nobody has named, a vendor's among them, may mean anything.
    var reaction: Reaction { Self.table[number]?.reaction ?? .failing }
}

extension PKCS11ReturnCode: CustomStringConvertible {
    var description: String { "\(Self.table[number]?.name ?? "an unnamed code") (0x\(String(number, radix: 16)))" }
}

/// Why a call into a module did not do what it should.
enum PKCS11Fault: Error, Hashable, Sendable {
    /// The module's own answer.
    case answered(call: String, PKCS11ReturnCode)
    /// The module was ended meanwhile: the call was not made.
    case lifeIsOver
    /// It said that it had signed, and the signature does not verify with the key's public half.
    case wrongSignature
    /// Logged in, and there is no such key.
    case noKey
    /// For good: what the module has, or does, is not acceptable.
    case unacceptable(String)

    var reaction: PKCS11ReturnCode.Reaction {
        switch self {
        case .answered(_, let code): code.reaction
        case .lifeIsOver: .gone
        case .wrongSignature: .stale
        case .noKey, .unacceptable: .permanent
        }
    }
}

extension PKCS11Fault: CustomStringConvertible {
    var description: String {
        switch self {
        case .answered(let call, let code): "\(call) answered \(code)"
        case .lifeIsOver: "the module was ended meanwhile, and is initialized anew"
        case .wrongSignature: "it gave a signature that does not verify; it was not released"
        case .noKey: "it has no such private key"
        case .unacceptable(let what): what
        }
    }
}
