import Basics
import Crypto

/// A record's `sealed` for a key that a token cannot hold: the secret lies under the master key *and* under a random key that the token has
/// encrypted. Octets: 3, 32 of authentication over house, key, algorithm, purposes and all that follows; 2 of the place's length, the place,
/// 12 and 48 of the token's part; 32 of salt, then nonce, ciphertext and tag.
struct ModuleSealed {
    static let version: UInt8 = 3

    let key: WrappedKey
    let salt: Bytes
    let box: Bytes
    let code: Bytes

    /// nil: it is not of this form. Whether custody wrote it, ``Seal/moduleSealed(of:)`` says.
    init?(_ sealed: Bytes) {
        guard sealed.count < 8192, sealed.first == Self.version else { return nil }
        var rest = sealed.dropFirst()
        func take(_ count: Int) -> Bytes? {
            guard rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return Bytes(rest.prefix(count))
        }
        guard let code = take(KeyRecord.codeLength), let length = take(2),
            let text = take(Int(length[0]) << 8 | Int(length[1])), let place = TokenKey(String(decoding: text, as: UTF8.self)),
            let iv = take(WrappedKey.ivLength), let wrapped = take(WrappedKey.wrappedLength), let salt = take(Seal.saltLength),
            rest.count > 28
        else { return nil }
        key = WrappedKey(place: place, iv: iv, wrapped: wrapped)
        self.code = code
        self.salt = salt
        box = Bytes(rest)
    }

    init(key: WrappedKey, salt: Bytes, box: Bytes, code: (Bytes) -> Bytes) {
        self.key = key
        self.salt = salt
        self.box = box
        self.code = code(Self.body(key, salt, box))
    }

    var body: Bytes { Self.body(key, salt, box) }
    var octets: Bytes { [Self.version] + code + body }

    private static func body(_ key: WrappedKey, _ salt: Bytes, _ box: Bytes) -> Bytes {
        let place = Bytes(key.place.description.utf8)
        return [UInt8(truncatingIfNeeded: place.count >> 8), UInt8(truncatingIfNeeded: place.count)] + place + key.iv + key.wrapped + salt
            + box
    }
}

extension Seal {
    private static let use = "assay module seal v1"

    /// What the token authenticates together with the random key.
    func bound(_ id: ID, _ algorithm: String, _ purposes: String, _ publicKey: Bytes) -> Bytes {
        Bytes(Digest32(of: associated(id, algorithm, purposes, publicKey)).bytes)
    }

    /// - Parameters:
    ///   - random: 32 octets, which the token has encrypted as `key`.
    func seal(
        _ secret: borrowing SecretBytes, under random: borrowing SecretBytes, _ key: WrappedKey, id: ID, algorithm: String,
        purposes: String, publicKey: Bytes, entropy: some Entropy
    ) throws(CustodyError) -> Bytes {
        let salt = entropy.bytes(Self.saltLength)
        let data = associated(id, algorithm, purposes, publicKey)
        let box = try Self.box(secret, both(random, salt, data), data, id, entropy: entropy)
        return ModuleSealed(key: key, salt: salt, box: box) { code(Self.use, $0, data) }.octets
    }

    /// - Throws: ``CustodyError/sealBroken(key:)`` when custody did not write this record; the token was not asked then.
    func moduleSealed(of record: KeyRecord) throws(CustodyError) -> ModuleSealed {
        let data = associated(record.id, record.algorithm, record.purposesText, record.publicKey)
        guard let parts = ModuleSealed(record.sealed), parts.code.isEqualInConstantTime(to: code(Self.use, parts.body, data)) else {
            throw .sealBroken(key: record.id.description)
        }
        return parts
    }

    func open(_ record: KeyRecord, _ parts: ModuleSealed, _ random: borrowing SecretBytes) throws(CustodyError) -> SecretBytes {
        let data = associated(record.id, record.algorithm, record.purposesText, record.publicKey)
        return try Self.unbox(parts.box, both(random, parts.salt, data), data, record.id)
    }

    /// A key that takes both: the master key, and what the token encrypted.
    private func both(_ random: borrowing SecretBytes, _ salt: Bytes, _ data: Bytes) -> SymmetricKey {
        let half = master.derive(Self.use + " half", salt: salt, info: Bytes(Digest32(of: data).bytes))
        return SymmetricKey(data: random.withBytes { HMAC<SHA256>.authenticationCode(for: $0, using: half) })
    }
}
