import Basics
import CPKCS11
import Glibc
import Synchronization

/// A PKCS#11 module in this process: its functions as Swift calls. Every call may block for as long as it likes; `PKCS11Threads` makes them.
/// The library stays for as long as the process: modules leave threads and exit handlers behind.
public final class PKCS11Module: Sendable {
    public let path: String
    private let lives = PKCS11Lives()
    /// Tokens that are in use.
    private let uses = Mutex<[ObjectIdentifier: Use]>([:])
    /// Held while an object is made: modules have mixed up what several threads make at a time (SoftHSM before 2.7.0).
    private let making = Mutex<Void>(())
    /// Belongs to the module, which never changes it.
    private nonisolated(unsafe) let functions: UnsafePointer<CK_FUNCTION_LIST>

    /// Loads the module, and asks for nothing more than its functions.
    /// - Parameters:
    ///   - path: absolute, so that no search path decides what is loaded.
    ///   - environment: set in this process first: the module finds its own configuration by it.
    /// - Throws: ``CustodyError/misconfigured(_:)``
    public init(path: String, environment: [String: String] = [:]) throws(CustodyError) {
        guard path.hasPrefix("/") else { throw .misconfigured("The module \(path.escaped) is not named by an absolute path.") }
        for (name, value) in environment { setenv(name, value, 1) }
        // Its symbols stay its own: modules bring crypto libraries of their own.
        guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw .misconfigured("The module \(path.escaped) cannot be loaded: \(Self.loadingError).")
        }
        guard let symbol = dlsym(library, "C_GetFunctionList") else {
            throw .misconfigured("\(path.escaped) is no PKCS#11 module: it has no C_GetFunctionList.")
        }
        typealias Get = @convention(c) (UnsafeMutablePointer<UnsafeMutablePointer<CK_FUNCTION_LIST>?>?) -> CK_RV
        var list: UnsafeMutablePointer<CK_FUNCTION_LIST>?
        let code = PKCS11ReturnCode(number: unsafeBitCast(symbol, to: Get.self)(&list))
        guard code == .ok, let list else { throw .misconfigured("\(path.escaped): C_GetFunctionList answered \(code).") }
        guard [2, 3].contains(list.pointee.version.major) else {
            throw .misconfigured("\(path.escaped) speaks PKCS#11 \(list.pointee.version.major), not 2 or 3.")
        }
        self.path = path
        functions = UnsafePointer(list)
    }

    private static var loadingError: String { dlerror().map { String(cString: $0) } ?? "no reason given" }

    private func check(_ call: String, _ number: CK_RV?) throws(PKCS11Fault) {
        let code = number.map { PKCS11ReturnCode(number: $0) } ?? .functionNotSupported
        guard code == .ok else { throw .answered(call: call, code) }
    }

    /// Begins the module's work in this process, if it does not run.
    /// - Returns: the module's life, of which slots and sessions are.
    func initialize() throws(PKCS11Fault) -> Int {
        try lives.begin { () throws(PKCS11Fault) in
            var arguments = CK_C_INITIALIZE_ARGS()
            arguments.flags = PKCS11.osLocking
            try check("C_Initialize", functions.pointee.C_Initialize?(&arguments))
        }
    }

    /// How often this value initialized the module.
    var starts: Int { lives.begun }

    /// Ends the module's work in this process, if this value began it, and unless a call is running and does not come back: nobody knows what
    /// ending it then does. When all tokens are closed, and before the process exits: modules that bring a crypto library may crash behind
    /// that library's own exit handler.
    public func finalize() { _ = lives.end(within: .seconds(1)) { ended() } }

    /// As ``finalize()``, for modules that see only anew what has come back: the next use initializes it. All sessions and logins are lost.
    /// - Parameters:
    ///   - token: who wants it.
    ///   - isAllowed: says so by what others do with the module.
    /// - Returns: whether the module has ended.
    func restart(for token: ObjectIdentifier, if isAllowed: ([Use]) -> Bool) -> Bool {
        func mayEnd() -> Bool { isAllowed(uses.withLock { $0.filter { $0.key != token }.map(\.value) }) }
        // Once before others are held up, and once when none of them is at it.
        return mayEnd() && lives.end(within: .milliseconds(200), if: mayEnd) { ended() }
    }

    private func ended() -> Bool {
        guard let number = functions.pointee.C_Finalize?(nil) else { return false }
        return [PKCS11ReturnCode.ok, .notInitialized].contains(PKCS11ReturnCode(number: number))
    }

    /// Notes how a token of this module is used, for others that want a restart.
    func note(_ token: ObjectIdentifier, _ use: Use?) { uses.withLock { $0[token] = use } }

    /// A token in use, and what its next login costs.
    enum Use {
        case logsInByItself
        /// Somebody has to enter a PIN at the token.
        case asksSomebody
    }

    /// A call of a life: refused when that life is over.
    private func call(_ name: String, _ life: Int, _ body: () -> CK_RV?) throws(PKCS11Fault) {
        try check(name, try lives.during(life, body))
    }

    /// Slots with a token in them. Asking for their number first lets modules look for new ones.
    func slots(_ life: Int) throws(PKCS11Fault) -> [PKCS11Slot] {
        for _ in 0..<4 {
            var count: CK_ULONG = 0
            try call("C_GetSlotList", life) { functions.pointee.C_GetSlotList?(1, nil, &count) }
            guard count > 0 else { return [] }
            guard count <= 4096 else { throw .unacceptable("the module says that it has \(count) slots") }
            var slots = [CK_SLOT_ID](repeating: 0, count: Int(count))
            do throws(PKCS11Fault) {
                try call("C_GetSlotList", life) { functions.pointee.C_GetSlotList?(1, &slots, &count) }
                return slots.prefix(Int(clamping: count)).map { PKCS11Slot(number: $0, life: life) }
            } catch { guard error == .answered(call: "C_GetSlotList", .bufferTooSmall) else { throw error } }
        }
        throw .answered(call: "C_GetSlotList", .bufferTooSmall)
    }

    /// What a token says of itself.
    struct TokenFacts: Hashable, Sendable {
        let label: String
        let serial: String
        let model: String
        let flags: UInt
        /// nil: the token knows no limit, or does not say.
        let mostSessions: Int?

        func has(_ flag: UInt) -> Bool { flags & flag != 0 }
    }

    func token(in slot: PKCS11Slot) throws(PKCS11Fault) -> TokenFacts {
        var info = CK_TOKEN_INFO()
        try call("C_GetTokenInfo", slot.life) { functions.pointee.C_GetTokenInfo?(slot.number, &info) }
        let most = info.max_sessions
        return TokenFacts(
            label: Self.text(of: info.label), serial: Self.text(of: info.serial), model: Self.text(of: info.model), flags: info.flags,
            mostSessions: most == 0 || most == PKCS11.unavailable ? nil : Int(clamping: most))
    }

    /// Padded with blanks, or with NULs where a module knows no better.
    private static func text<Tuple>(of field: Tuple) -> String {
        let octets = withUnsafeBytes(of: field) { Bytes($0) }
        let text = octets.prefix { $0 != 0 }
        let end = text.lastIndex { $0 != 0x20 }.map { $0 + 1 } ?? text.startIndex
        return String(decoding: text[..<end], as: UTF8.self)
    }

    /// Mechanisms that Assay knows, with their flags.
    func mechanisms(of slot: PKCS11Slot) throws(PKCS11Fault) -> [PKCS11.Mechanism: UInt] {
        var count: CK_ULONG = 0
        try call("C_GetMechanismList", slot.life) { functions.pointee.C_GetMechanismList?(slot.number, nil, &count) }
        guard count > 0 else { return [:] }
        guard count <= 4096 else { throw .unacceptable("the module says that it has \(count) mechanisms") }
        var numbers = [CK_MECHANISM_TYPE](repeating: 0, count: Int(count))
        try call("C_GetMechanismList", slot.life) { functions.pointee.C_GetMechanismList?(slot.number, &numbers, &count) }
        var found: [PKCS11.Mechanism: UInt] = [:]
        for case let mechanism? in numbers.prefix(Int(clamping: count)).map(PKCS11.Mechanism.init(rawValue:)) {
            var info = CK_MECHANISM_INFO()
            do throws(PKCS11Fault) {
                try call("C_GetMechanismInfo", slot.life) { functions.pointee.C_GetMechanismInfo?(slot.number, mechanism.rawValue, &info) }
                found[mechanism] = info.flags
                // Lists name what a policy or FIPS mode has switched off: then it is not there, and the others are.
            } catch { guard error == .answered(call: "C_GetMechanismInfo", .mechanismInvalid) else { throw error } }
        }
        return found
    }

    func openSession(in slot: PKCS11Slot, flags: UInt) throws(PKCS11Fault) -> PKCS11Session {
        var session: CK_SESSION_HANDLE = 0
        try call("C_OpenSession", slot.life) {
            functions.pointee.C_OpenSession?(slot.number, flags | PKCS11.SessionFlag.serial, nil, nil, &session)
        }
        return PKCS11Session(number: session, life: slot.life)
    }

    func closeSession(_ session: PKCS11Session) throws(PKCS11Fault) {
        try call("C_CloseSession", session.life) { functions.pointee.C_CloseSession?(session.number) }
    }

    /// Whether somebody is logged in, as this session sees it.
    func isLoggedIn(_ session: PKCS11Session) throws(PKCS11Fault) -> Bool {
        var info = CK_SESSION_INFO()
        try call("C_GetSessionInfo", session.life) { functions.pointee.C_GetSessionInfo?(session.number, &info) }
        return PKCS11.userStates.contains(info.state)
    }

    /// - Parameter pin: nil where the token has a keypad of its own.
    func login(_ session: PKCS11Session, _ pin: PIN?) throws(PKCS11Fault) {
        try call("C_Login", session.life) {
            guard let pin else { return functions.pointee.C_Login?(session.number, PKCS11.user, nil, 0) }
            return pin.withBytes { octets in
                octets.withUnsafeBufferPointer { octets in
                    // The function takes a pointer to what may change, and changes nothing.
                    functions.pointee.C_Login?(
                        session.number, PKCS11.user, UnsafeMutablePointer(mutating: octets.baseAddress), CK_ULONG(octets.count))
                }
            }
        }
    }

    func logout(_ session: PKCS11Session) throws(PKCS11Fault) {
        try call("C_Logout", session.life) { functions.pointee.C_Logout?(session.number) }
    }

    /// Handles of objects that have all these attributes, `most` at most.
    func find(_ session: PKCS11Session, _ template: [PKCS11Attribute], most: Int) throws(PKCS11Fault) -> [UInt] {
        try lives.during(session.life) { () throws(PKCS11Fault) in
            let session = session.number
            try check("C_FindObjectsInit", PKCS11Template(template).with { functions.pointee.C_FindObjectsInit?(session, $0, $1) })
            var found: [UInt] = []
            var failure: PKCS11Fault?
            do throws(PKCS11Fault) {
                while found.count < most {
                    var handles = [CK_OBJECT_HANDLE](repeating: 0, count: min(64, most - found.count))
                    var count: CK_ULONG = 0
                    try check("C_FindObjects", functions.pointee.C_FindObjects?(session, &handles, CK_ULONG(handles.count), &count))
                    guard count > 0 else { break }
                    guard count <= CK_ULONG(handles.count) else {
                        failure = .unacceptable("C_FindObjects says that it found \(count) where there was room for \(handles.count)")
                        break
                    }
                    found += handles.prefix(Int(clamping: count))
                }
            } catch { failure = error }
            // Also after an error: the session would stay in its search.
            let final = functions.pointee.C_FindObjectsFinal?(session)
            if let failure { throw failure }
            try check("C_FindObjectsFinal", final)
            return found
        }
    }

    /// An object's attributes; what the module does not say is left out.
    func attributes(
        _ session: PKCS11Session, _ object: UInt, _ types: [PKCS11.AttributeType]
    ) throws(PKCS11Fault) -> [PKCS11.AttributeType: Bytes] {
        var lengths = types.map { CK_ATTRIBUTE(type: $0.number, value: nil, length: 0) }
        try fill(session) { functions.pointee.C_GetAttributeValue?(session.number, object, &lengths, CK_ULONG(lengths.count)) }
        let present = zip(types, lengths).filter { $0.1.length != PKCS11.unavailable && $0.1.length <= 1 << 16 }
        let template = PKCS11Template(present.map { PKCS11Attribute($0.0, Bytes(repeating: 0, count: Int($0.1.length))) })
        var values: [PKCS11.AttributeType: Bytes] = [:]
        try fill(session) {
            template.with { attributes, count in
                let code = functions.pointee.C_GetAttributeValue?(session.number, object, attributes, count)
                for (place, wanted) in present.enumerated() {
                    let length = attributes[place].length
                    guard length <= wanted.1.length, let start = attributes[place].value else { continue }
                    values[wanted.0] = Bytes(UnsafeRawBufferPointer(start: start, count: Int(length)))
                }
                return code
            }
        }
        return values
    }

    private func fill(_ session: PKCS11Session, _ body: () -> CK_RV?) throws(PKCS11Fault) {
        do throws(PKCS11Fault) { try call("C_GetAttributeValue", session.life, body) } catch {
            guard case .answered(_, let code) = error, [.attributeSensitive, .attributeTypeInvalid].contains(code) else { throw error }
        }
    }

    /// Never to be tried again after an answer that leaves open what happened.
    func generateKeyPair(
        _ session: PKCS11Session, _ mechanism: PKCS11.Mechanism, publicKey: [PKCS11Attribute], privateKey: [PKCS11Attribute]
    ) throws(PKCS11Fault) -> (publicKey: UInt, privateKey: UInt) {
        var called = CK_MECHANISM(mechanism: mechanism.rawValue, parameter: nil, parameter_length: 0)
        var handles: (CK_OBJECT_HANDLE, CK_OBJECT_HANDLE) = (0, 0)
        try making.withLock { _ throws(PKCS11Fault) in
            try call("C_GenerateKeyPair", session.life) {
                PKCS11Template(publicKey).with { publicTemplate, publicCount in
                    PKCS11Template(privateKey).with { privateTemplate, privateCount in
                        functions.pointee.C_GenerateKeyPair?(
                            session.number, &called, publicTemplate, publicCount, privateTemplate, privateCount, &handles.0, &handles.1)
                    }
                }
            }
        }
        return handles
    }

    /// Never to be tried again after an answer that leaves open what happened.
    func generateKey(
        _ session: PKCS11Session, _ mechanism: PKCS11.Mechanism, _ template: [PKCS11Attribute]
    ) throws(PKCS11Fault) -> UInt {
        var called = CK_MECHANISM(mechanism: mechanism.rawValue, parameter: nil, parameter_length: 0)
        var handle: CK_OBJECT_HANDLE = 0
        try making.withLock { _ throws(PKCS11Fault) in
            try call("C_GenerateKey", session.life) {
                PKCS11Template(template).with { functions.pointee.C_GenerateKey?(session.number, &called, $0, $1, &handle) }
            }
        }
        return handle
    }

    /// AES-GCM with a tag of 16 octets behind the ciphertext.
    /// - Parameter iv: 12 octets; a module may take others for what it encrypts, and writes them here.
    func seal(_ session: PKCS11Session, key: UInt, iv: inout Bytes, associated: Bytes, _ input: Bytes) throws(PKCS11Fault) -> Bytes {
        guard let encryptInit = functions.pointee.C_EncryptInit, let encrypt = functions.pointee.C_Encrypt else {
            throw .answered(call: "C_Encrypt", .functionNotSupported)
        }
        return try gcm(("C_EncryptInit", encryptInit), ("C_Encrypt", encrypt), session, key, &iv, associated, input)
    }

    func open(_ session: PKCS11Session, key: UInt, iv: Bytes, associated: Bytes, _ input: Bytes) throws(PKCS11Fault) -> Bytes {
        guard let decryptInit = functions.pointee.C_DecryptInit, let decrypt = functions.pointee.C_Decrypt else {
            throw .answered(call: "C_Decrypt", .functionNotSupported)
        }
        var iv = iv
        return try gcm(("C_DecryptInit", decryptInit), ("C_Decrypt", decrypt), session, key, &iv, associated, input)
    }

    private typealias Begin = @convention(c) (CK_SESSION_HANDLE, UnsafeMutablePointer<CK_MECHANISM>?, CK_OBJECT_HANDLE) -> CK_RV
    private typealias Crypt =
        @convention(c) (
            CK_SESSION_HANDLE, UnsafeMutablePointer<CK_BYTE>?, CK_ULONG, UnsafeMutablePointer<CK_BYTE>?, UnsafeMutablePointer<CK_ULONG>?
        ) -> CK_RV

    private func gcm(
        _ begin: (name: String, call: Begin), _ crypt: (name: String, call: Crypt), _ session: PKCS11Session, _ key: UInt,
        _ iv: inout Bytes,
        _ associated: Bytes, _ input: Bytes
    ) throws(PKCS11Fault) -> Bytes {
        var (associated, input) = (associated, input)
        var output = Bytes(repeating: 0, count: input.count + 64)
        var length = CK_ULONG(output.count)
        // Parameters stay where they are until the second call has returned: modules keep the pointers.
        let (first, second) = try lives.during(session.life) {
            iv.withUnsafeMutableBufferPointer { iv in
                associated.withUnsafeMutableBufferPointer { associated -> (CK_RV, CK_RV) in
                    var parameters = CK_GCM_PARAMS(
                        iv: iv.baseAddress, iv_length: CK_ULONG(iv.count), iv_bits: CK_ULONG(8 * iv.count),
                        associated: associated.baseAddress, associated_length: CK_ULONG(associated.count), tag_bits: 128)
                    return withUnsafeMutableBytes(of: &parameters) { octets -> (CK_RV, CK_RV) in
                        var called = CK_MECHANISM(
                            mechanism: PKCS11.Mechanism.aesGCM.rawValue, parameter: octets.baseAddress,
                            parameter_length: CK_ULONG(octets.count))
                        let first = begin.call(session.number, &called, key)
                        guard first == PKCS11ReturnCode.ok.number else { return (first, 0) }
                        return (first, crypt.call(session.number, &input, CK_ULONG(input.count), &output, &length))
                    }
                }
            }
        }
        try check(begin.name, first)
        try check(crypt.name, second)
        guard length <= CK_ULONG(output.count) else {
            throw .unacceptable("\(crypt.name) says that it wrote \(length) octets where there was room for \(output.count)")
        }
        return Bytes(output.prefix(Int(length)))
    }

    func destroy(_ session: PKCS11Session, _ object: UInt) throws(PKCS11Fault) {
        try call("C_DestroyObject", session.life) { functions.pointee.C_DestroyObject?(session.number, object) }
    }

    /// C_SignInit and C_Sign, with a buffer that is always large enough. After an error the session is not to be used again.
    func sign(
        _ session: PKCS11Session, _ mechanism: PKCS11SigningMechanism, key: UInt, _ input: Bytes
    ) throws(PKCS11Fault) -> Bytes {
        var signature = Bytes(repeating: 0, count: mechanism.longest)
        var length = CK_ULONG(signature.count)
        try lives.during(session.life) { () throws(PKCS11Fault) in
            try beginSignature(session.number, mechanism, key)
            let code = input.withUnsafeBufferPointer { input in
                functions.pointee.C_Sign?(
                    session.number, UnsafeMutablePointer(mutating: input.baseAddress), CK_ULONG(input.count), &signature, &length)
            }
            try check("C_Sign", code)
        }
        guard length <= CK_ULONG(signature.count) else {
            throw .unacceptable("C_Sign says that it wrote \(length) octets where there was room for \(signature.count)")
        }
        return Bytes(signature.prefix(Int(length)))
    }

    private func beginSignature(_ session: UInt, _ mechanism: PKCS11SigningMechanism, _ key: UInt) throws(PKCS11Fault) {
        var called = CK_MECHANISM(mechanism: mechanism.mechanism.rawValue, parameter: nil, parameter_length: 0)
        guard let pss = mechanism.pss else {
            return try check("C_SignInit", functions.pointee.C_SignInit?(session, &called, key))
        }
        var parameters = CK_RSA_PKCS_PSS_PARAMS(hash: pss.hash, mgf: pss.mgf, salt_length: pss.saltLength)
        try check(
            "C_SignInit",
            withUnsafeMutableBytes(of: &parameters) { octets in
                called.parameter = octets.baseAddress
                called.parameter_length = CK_ULONG(octets.count)
                return functions.pointee.C_SignInit?(session, &called, key)
            })
    }
}
