import Approval
import Basics
import Custody
import Foundation
import PKIX

/// Where a token's PIN is to be read.
public enum PINPlace: Hashable, Sendable {
    /// A question for the terminal.
    case prompt(String)
    case file(String)
    /// A systemd credential's name.
    case credential(String)
}

/// Reads a PIN: octets as they are handed to the token.
public typealias TokenPIN = (PINPlace) throws(Problem) -> Bytes

/// The tokens that a house's settings name. Each is looked for with its first use; modules are loaded once.
struct HouseTokens: Sendable {
    let all: [(settings: TokenSettings, token: PKCS11Token)]
    private let modules: [String: PKCS11Module]

    /// Loads the modules and reads the PINs.
    /// - Parameter known: everything that the settings name, where not all of it is wanted now.
    init(_ settings: [TokenSettings], of known: [TokenSettings]? = nil, pin: TokenPIN, clocks: any Clocks) throws(Problem) {
        let environment = try Self.environment(known ?? settings)
        var modules: [String: PKCS11Module] = [:]
        var all: [(TokenSettings, PKCS11Token)] = []
        for token in settings {
            // One file by two names is one module: it is begun and ended once.
            let file = URL(fileURLWithPath: token.module).resolvingSymlinksInPath().path
            let module: PKCS11Module
            if let known = modules[file] {
                module = known
            } else {
                do { module = try PKCS11Module(path: token.module, environment: environment) } catch { throw error.problem }
                modules[file] = module
            }
            all.append((token, PKCS11Token(token.configuration, of: module, pin: try Self.pin(of: token, pin), clocks: clocks)))
        }
        self.all = all
        self.modules = modules
    }

    /// What all tokens ask of the one environment that a process has. Modules read it when they like, also later than they are loaded.
    private static func environment(_ settings: [TokenSettings]) throws(Problem) -> [String: String] {
        var all: [String: String] = [:]
        for token in settings {
            for (name, value) in token.environment {
                guard all.updateValue(value, forKey: name) ?? value == value else {
                    throw CustodyError.misconfigured(
                        "The custody \(token.name) wants another value of \(name) than one before it, and both would live in one process."
                    ).problem
                }
            }
        }
        return all
    }

    private static func pin(of token: TokenSettings, _ read: TokenPIN) throws(Problem) -> PIN? {
        let octets =
            switch token.pin {
            case .none: nil as Bytes?
            case .prompt: try read(.prompt("PIN of the token \(token.label.escaped) (custody \(token.name)): "))
            case .file(let path): try read(.file(path))
            case .credential(let name): try read(.credential(name))
            }
        guard let octets else { return nil }
        // A token counts it as a wrong one.
        guard !octets.isEmpty else {
            throw Problem(
                .invalid, "custody.pin-missing", title: "The token's PIN is empty",
                detail: "An empty PIN is not tried: \(token.pin.text.escaped) is to give it in its first line.", field: "pin")
        }
        return PIN(octets)
    }

    /// The token that has this key.
    func token(of key: TokenKey) throws(CustodyError) -> PKCS11Token {
        guard let found = all.first(where: { $0.settings.has(key) }) else {
            throw .misconfigured("The master key is sealed under \(key), and the settings name no such token.")
        }
        return found.token
    }

    /// Finds every token and logs in; what does not answer is looked for again by itself.
    /// - Returns: what went wrong, by custody.
    func connect() async -> [(name: Handle, problem: Problem)] {
        var problems: [(Handle, Problem)] = []
        for (settings, token) in all {
            do throws(CustodyError) {
                try await token.connect()
                if let key = settings.sealingKey { try await token.requireSealingKey(key) }
            } catch { problems.append((settings.name, error.problem)) }
        }
        return problems
    }

    /// Gives sessions and logins back, and ends the modules, but for those in which a call is stuck.
    func close() async {
        for (_, token) in all { await token.close() }
        for module in modules.values { module.finalize() }
    }

    /// - Parameter checksOwnSignatures: of software keys; those that tokens and RSA keys make are always checked.
    func keys(
        _ custody: CustodyDirectory, _ context: SealContext, checksOwnSignatures: Bool, entropy: any Entropy
    ) -> Custodies {
        Custodies(
            sealed: custody.sealedKeys(context, checksOwnSignatures: checksOwnSignatures, entropy: entropy),
            tokens: all.map { settings, token in
                (
                    settings,
                    custody.tokenKeys(
                        context, in: token, sealingKey: settings.sealingKey, checksOwnSignatures: checksOwnSignatures, entropy: entropy)
                )
            })
    }
}

/// What `assay custody add` has found out about a token.
public struct TokenReport: Sendable {
    /// What keys the token makes and signs with itself, by the names of their algorithms.
    public let makes: [String]
    /// What is sealed under the token's AES key instead; empty when it has none.
    public let seals: [String]
    /// The module's file, and what protects the PIN.
    public let settings: JSON
}

extension HousePaths {
    /// Makes a token known to the house, under a name for authorities' documents: logs in, has the token make an AES key for what it cannot do
    /// itself, and writes the settings. The house must not be running.
    /// - Parameters:
    ///   - pin: where the PIN comes from at each start: `prompt`, `none`, `file:/PATH` or `credential:NAME`.
    public func addToken(
        name: String, module: String, environment: [String: String], label: String, serial: String, pin source: String, sessions: Int,
        seconds: Int, pin: TokenPIN, clocks: any Clocks, entropy: any Entropy
    ) async throws(Problem) -> TokenReport {
        guard let name = Handle(name) else {
            throw Problem(
                .invalid, "custody.name-invalid", title: "The custody's name is not accepted",
                detail: "\(name.escaped): 1 to 32 of a-z, 0-9 and - are accepted.", field: "name")
        }
        guard let source = TokenSettings.PINSource(source) else {
            throw Problem(
                .invalid, "custody.pin-source", title: "Where the PIN comes from is not understood",
                // It may be the PIN itself, and errors are kept in logs.
                detail: "prompt, none, file:/PATH or credential:NAME is accepted. A PIN that was typed here stands in the shell's history: "
                    + "change it.", field: "pin")
        }
        var settings = try TokenSettings(
            name: name, module: module, environment: environment, label: label, serial: serial, pin: source, sessions: sessions,
            seconds: seconds)
        let file = TokenFile(custody: custody)
        let edit: TokenFile.Edit
        do throws(CustodyError) {
            try DataDirectory.requireHouse(self)
            edit = try file.edit()
        } catch { throw error.problem }
        let known = edit.tokens
        guard !known.contains(where: { $0.name == name || ($0.label == label && $0.serial == serial) }) else {
            throw Problem(
                .conflict, "custody.known", title: "The house knows it already",
                detail: "\(file.path.escaped) names \(name), or this token, already.", field: "name")
        }
        let tokens = try HouseTokens([settings], of: known + [settings], pin: pin, clocks: clocks)
        let token = tokens.all.first?.token
        do throws(CustodyError) {
            guard let token else { throw .misconfigured("no token is named") }
            try await token.connect()
            let makes = try await token.algorithms()
            var made: Bytes?
            if try await token.canSeal() {
                let id = entropy.bytes(16)
                try await token.addSealingKey(id: id)
                made = id
            }
            settings.sealingKey = made
            do throws(CustodyError) { try edit.write(known + [settings]) } catch {
                if let made { try? await token.remove(made) }
                throw error
            }
            await tokens.close()
            let rest = made == nil ? [] : KeyAlgorithm.known.filter { !makes.contains($0) }
            return TokenReport(makes: makes.map(\.name), seals: rest.map(\.name), settings: settings.json)
        } catch {
            let problem = await Self.notFound(settings, token, after: error) ?? error.problem
            await tokens.close()
            throw problem
        }
    }

    /// Whoever has mistyped a label or a serial number is told what the module shows. nil: it is something else.
    private static func notFound(_ settings: TokenSettings, _ token: PKCS11Token?, after error: CustodyError) async -> Problem? {
        guard case .unavailable = error, let shown = try? await token?.shown(),
            !shown.contains(where: { $0.label == settings.label && $0.serial == settings.serial })
        else { return nil }
        let names = shown.prefix(20).map { "\($0.label.escaped), serial \($0.serial.escaped)" }
        return Problem(
            .invalid, "custody.token-not-found", title: "The module has no such token",
            detail: "None with label \"\(settings.label.escaped)\" and serial \"\(settings.serial.escaped)\". "
                + (names.isEmpty
                    ? "It shows no token at all: look whether one is plugged in, and what --environment tells the module."
                    : "It shows: \(names.joined(separator: "; "))."),
            field: "token")
    }

    /// Takes a token out of the settings; its keys stay in it. The house must not be running.
    public func removeToken(name: String) throws(Problem) {
        let file = TokenFile(custody: custody)
        do throws(CustodyError) {
            try DataDirectory.requireHouse(self)
            let edit = try file.edit()
            let known = edit.tokens
            guard let settings = known.first(where: { $0.name.description == name }) else {
                throw .noCustody(Handle(name) ?? .sealed, known: known.map(\.name))
            }
            if case .token(let key) = try MasterKeyKind(custody: custody), settings.has(key) {
                throw .refused("The master key is sealed under this token. Run `assay custody unseal` first.")
            }
            try edit.write(known.filter { $0.name != settings.name })
        } catch { throw error.problem }
    }

    /// The tokens that the house knows, and what protects the master key; nothing is asked of any token.
    public func custodies() throws(Problem) -> (master: String, tokens: [JSON]) {
        do throws(CustodyError) {
            try DataDirectory.requireHouse(self)
            let master =
                switch try MasterKeyKind(custody: custody) {
                case .plain: "a plain file of mode 0600"
                case .passphrase: "sealed under a passphrase"
                case .token(let key): "sealed under \(key)"
                }
            return (master, try TokenFile(custody: custody).read().map(\.json))
        } catch { throw error.problem }
    }
}
