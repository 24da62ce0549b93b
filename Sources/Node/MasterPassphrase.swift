import Basics
import Custody
import Transparency

/// Where the master key's passphrase comes from; called only when there is a passphrase.
public typealias MasterPassphrase = () throws(Problem) -> Bytes

/// How the master key is to lie in its file.
public enum MasterSealing: Sendable {
    case plain
    case passphrase(Bytes)
    /// Under the AES key of the token that has this name in the settings.
    case token(String)
}

extension HousePaths {
    /// Opens custody; what `passphrase` throws comes through.
    static func unlock(
        _ paths: HousePaths, _ passphrase: MasterPassphrase, _ tokens: HouseTokens
    ) async throws(Problem) -> CustodyDirectory {
        var failure: Problem?
        do {
            return try await CustodyDirectory.open(
                at: paths.custody,
                passphrase: { () throws(CustodyError) in
                    do throws(Problem) { return try passphrase() } catch {
                        failure = error
                        throw .sealed
                    }
                }, token: { key throws(CustodyError) in try tokens.token(of: key) })
        } catch { throw failure ?? error.problem }
    }

    /// Writes the master key's file anew. The house must not be running.
    /// - Parameter pin: reads the PINs of the tokens that the settings name.
    /// - Returns: what protects the keys from now on, in words.
    public static func protect(
        _ paths: HousePaths, _ sealing: MasterSealing, passphrase: MasterPassphrase, pin: TokenPIN, clocks: any Clocks,
        entropy: some Entropy
    ) async throws(Problem) -> String {
        let settings: [TokenSettings]
        do throws(CustodyError) {
            try DataDirectory.requireHouse(paths)
            settings = try TokenFile(custody: paths.custody).read()
        } catch { throw error.problem }
        // Only the tokens that are needed: the one that seals now, and the one that is to.
        let kind: MasterKeyKind
        do { kind = try MasterKeyKind(custody: paths.custody) } catch { throw error.problem }
        let needed = settings.filter { token in
            if case .token(let key) = kind, token.has(key) { return true }
            if case .token(let name) = sealing { return token.name.description == name }
            return false
        }
        let tokens = try HouseTokens(needed, of: settings, pin: pin, clocks: clocks)
        do throws(Problem) {
            let said = try await protect(paths, sealing, passphrase, tokens, settings.map(\.name), entropy)
            await tokens.close()
            return said
        } catch {
            await tokens.close()
            throw error
        }
    }

    private static func protect(
        _ paths: HousePaths, _ sealing: MasterSealing, _ passphrase: MasterPassphrase, _ tokens: HouseTokens, _ known: [Handle],
        _ entropy: some Entropy
    ) async throws(Problem) -> String {
        let custody = try await unlock(paths, passphrase, tokens)
        defer { custody.release() }
        do throws(CustodyError) {
            switch sealing {
            case .plain:
                try custody.protect(.plain, entropy: entropy)
                return "The master key lies in a plain file of mode 0600: whoever reads it has every key that is sealed."
            case .passphrase(let passphrase):
                try custody.protect(.passphrase(passphrase), entropy: entropy)
                return "The master key is sealed under the new passphrase. Without it nothing of this house can be opened again."
            case .token(let name):
                guard let (settings, token) = tokens.all.first(where: { $0.settings.name.description == name }) else {
                    throw .noCustody(Handle(name) ?? .sealed, known: known)
                }
                guard let key = settings.sealingKey else {
                    throw .refused("The token of \(name) has no sealing key: it cannot encrypt by CKM_AES_GCM.")
                }
                let seal = try await token.tokenSeal(under: key, entropy: entropy)
                try custody.protect(.token(seal), entropy: entropy)
                return "The master key is sealed under an AES key that never leaves the token. Without the token nothing of this house "
                    + "can be opened again: keep a backup of the token."
            }
        } catch { throw error.problem }
    }
}
