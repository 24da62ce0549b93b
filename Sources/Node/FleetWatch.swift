import API
import Basics
import Logging
import Registration
import ServiceLifecycle

/// Compares the fleet's RSA keys with each other: once after the start, then every ten minutes what was issued since.
struct FleetWatch: Service {
    let services: Services
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var told: Set<Digest32> = []
            while !Task.isCancelled {
                do {
                    try await services.fleetKeys.update()
                    for finding in await services.fleetKeys.report?.findings ?? [] where told.insert(finding.key).inserted {
                        logger.error(
                            "two keys share a prime",
                            metadata: [
                                "key": "\(finding.key)", "other": "\(finding.other)",
                                "certificates": "\(finding.certificates.map(\.hex).joined(separator: " "))",
                            ])
                    }
                } catch is CancellationError { return } catch {
                    let problem = Problem(wrapping: error)
                    logger.error("fleet keys", metadata: ["code": "\(problem.code)", "detail": "\(problem.detail)"])
                }
                do { try await services.ledger.clock.sleep(for: .seconds(600)) } catch { return }
            }
        }
    }
}
