import API
import Access
import Approval
import Authorities
import Basics
import Custody
import Logging
import PKIX
import Policies
import Registration
import ServiceLifecycle
import Transparency
import UnixSignals
import Wire

/// A founded house, opened: its services are ready to be called.
public struct House: Sendable {
    /// What is handed in from outside.
    public struct Surroundings: Sendable {
        public let clocks: any Clocks
        public let entropy: any Entropy
        public let logger: Logger

        public init(clocks: any Clocks, entropy: any Entropy, logger: Logger) {
            self.clocks = clocks
            self.entropy = entropy
            self.logger = logger
        }
    }

    public static let software = "0.1.0"

    public let services: Services
    /// Signatures made since the start are counted here.
    public let keys: Custodies
    private let tokens: HouseTokens
    private let serverKey: PrivateKey
    private let surroundings: Surroundings

    /// Opens the house: proves the database against the anchor, loads or completes the authorities' certificates.
    /// - Parameters:
    ///   - acceptClock: whether more than a day may have passed since the last entry.
    ///   - checksOwnSignatures: whether each signature of a software key is verified before it leaves; others always are.
    ///   - passphrase: asked for only when the master key is sealed under one.
    ///   - pin: asked for when the settings name tokens.
    public static func open(
        _ paths: HousePaths, _ surroundings: Surroundings, acceptClock: Bool = false, checksOwnSignatures: Bool = false,
        passphrase: MasterPassphrase = { () throws(Problem) in throw CustodyError.sealed.problem },
        pin: TokenPIN = { _ throws(Problem) in throw CustodyError.misconfigured("Nobody can be asked for the token's PIN.").problem }
    ) async throws(Problem) -> House {
        let tokens: HouseTokens
        do {
            try DataDirectory.requireHouse(paths)
            tokens = try HouseTokens(try TokenFile(custody: paths.custody).read(), pin: pin, clocks: surroundings.clocks)
        } catch { throw Problem(wrapping: error) }
        do throws(Problem) {
            return try await open(paths, surroundings, acceptClock, checksOwnSignatures, passphrase, tokens)
        } catch {
            await tokens.close()
            throw error
        }
    }

    private static func open(
        _ paths: HousePaths, _ surroundings: Surroundings, _ acceptClock: Bool, _ checksOwnSignatures: Bool, _ passphrase: MasterPassphrase,
        _ tokens: HouseTokens
    ) async throws(Problem) -> House {
        let custody: CustodyDirectory
        let serverKey: PrivateKey
        do {
            custody = try await HousePaths.unlock(paths, passphrase, tokens)
            guard custody.hasAnchor, DataDirectory.exists(paths.database) else { throw CustodyError.unanchored(path: paths.data) }
            serverKey = try custody.serverKey()
        } catch { throw Problem(wrapping: error) }
        for (name, problem) in await tokens.connect() {
            surroundings.logger.error(
                "token", metadata: ["custody": "\(name)", "code": "\(problem.code)", "detail": "\(problem.detail)"])
        }
        let blocklists = Blocklists(paths)
        let ledger = try await Ledger.open(
            .init(
                custody: custody, databasePath: paths.database, clocks: surroundings.clocks, entropy: surroundings.entropy,
                acceptClock: acceptClock, blocklists: { document throws(Problem) in try blocklists.list(of: document) }))
        let charter = try ledger.view().charter
        for document in charter.documents.blocklists.values.map(\.value) {
            do throws(Problem) {
                guard try ledger.blocklist(document) == nil else { continue }
                throw Refusal.blocklistMissing(document.name).problem
            } catch {
                surroundings.logger.error("blocklist", metadata: ["code": "\(error.code)", "detail": "\(error.detail)"])
            }
        }
        let keys = tokens.keys(
            custody, SealContext(instance: charter.instance, pin: charter.pin), checksOwnSignatures: checksOwnSignatures,
            entropy: surroundings.entropy)
        let authorities = CertificateAuthorities(ledger: ledger, keys: keys, entropy: surroundings.entropy)
        for problem in try await authorities.complete() {
            surroundings.logger.error(
                "authority without certificate", metadata: ["code": "\(problem.code)", "detail": "\(problem.detail)"])
        }
        for found in try await authorities.keyProblems() {
            surroundings.logger.error(
                "authority without key",
                metadata: ["authority": "\(found.authority)", "code": "\(found.problem.code)", "detail": "\(found.problem.detail)"])
        }
        let unaccounted = try await ledger.unaccounted()
        for problem in unaccounted {
            surroundings.logger.warning("allowance", metadata: ["code": "\(problem.code)", "detail": "\(problem.detail)"])
        }
        let registrar = Registrar(ledger: ledger, authorities: authorities, entropy: surroundings.entropy)
        let removals = Removals(ledger: ledger)
        let rosters = Rosters(ledger: ledger) { removed, administrator, now throws(Problem) in
            let closing = try await removals.closing(removed, by: administrator, now: now)
            return (closing.change, closing.lines, closing.closed)
        }
        let services = Services(
            ledger: ledger, invitations: Invitations(ledger: ledger), rosters: rosters,
            authorities: authorities, registrar: registrar, revocations: Revocations(ledger: ledger, registrar: registrar),
            allowances: Allowances(ledger: ledger, authorities: authorities, entropy: surroundings.entropy),
            fleetKeys: FleetKeys(ledger: ledger),
            facts: .init(
                software: software, custody: custody.protection, serverKey: serverKey.publicKey.digest, warnings: unaccounted))
        return House(services: services, keys: keys, tokens: tokens, serverKey: serverKey, surroundings: surroundings)
    }

    /// The code with which people who are known already reach this node.
    public func connectionCode(address: String) throws(Problem) -> ConnectionCode {
        let charter = try services.ledger.view().charter
        return ConnectionCode(
            secret: nil, instance: charter.instance, pin: charter.pin, serverKey: serverKey.publicKey.digest, address: address)
    }

    /// Serves the `management` listener until the process is asked to stop; then drains and closes the house in order.
    /// - Parameter onReady: called once with the port when connections are accepted.
    public func serve(
        _ address: Listener.Address, stoppingOn signals: [UnixSignal] = [.sigterm, .sigint],
        onReady: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let services = services
        let dispatcher = try Dispatcher(
            Handlers.all(services), machine: { digest throws(Problem) in try services.ledger.machine(key: digest) },
            principal: { digest throws(Problem) in try services.ledger.principal(loginKey: digest) })
        let listener = try Listener(
            address, key: serverKey, clocks: surroundings.clocks, entropy: surroundings.entropy, logger: surroundings.logger,
            edge: { await dispatcher.admit($0) }, onRunning: onReady)
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: Running { try await listener.run() }, successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: Keeper(services: services, logger: surroundings.logger)),
                    .init(service: FleetWatch(services: services, logger: surroundings.logger)),
                ], gracefulShutdownSignals: signals, logger: surroundings.logger))
        do { try await group.run() } catch {
            try? await services.ledger.stop()
            await tokens.close()
            throw error
        }
        do { try await services.ledger.stop() } catch {
            await tokens.close()
            throw error
        }
        await tokens.close()
    }
}

private struct Running: Service {
    let body: @Sendable () async throws -> Void

    init(_ body: @escaping @Sendable () async throws -> Void) { self.body = body }

    func run() async throws { try await body() }
}

/// What has to be done from time to time: a checkpoint at most a second behind the ledger, requests that are over.
private struct Keeper: Service {
    let services: Services
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var round = 0
            while !Task.isCancelled {
                do throws(Problem) {
                    _ = try await services.ledger.checkpoint()
                    if round % 30 == 0 { try await services.registrar.expire() }
                    if round % 3600 == 0 { try services.ledger.forget() }
                } catch {
                    logger.error("keeper", metadata: ["code": "\(error.code)", "detail": "\(error.detail)"])
                }
                round += 1
                do { try await services.ledger.clock.sleep(for: .seconds(1)) } catch { return }
            }
        }
    }
}
