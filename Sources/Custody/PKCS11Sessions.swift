import Basics
import Synchronization

/// A session in the hands of one thread, for one try.
struct PKCS11Lease {
    let session: PKCS11Session
    let connection: PKCS11Connection
}

/// Sessions: opened by the thread that uses them, and closed by it when anything went wrong.
extension PKCS11Token {
    static let mostTries = 3

    /// Runs `body` with a session, and again with others where its fault allows that. Only for what may be done twice.
    /// - Parameter key: whose handle `body` uses.
    func attempt<Result>(
        _ worker: PKCS11Threads.Worker, key: Bytes? = nil, tries: Int = mostTries, _ body: (PKCS11Lease) throws(PKCS11Fault) -> Result
    ) throws(PKCS11Interruption) -> Result {
        var left = tries - 1
        while true {
            let lease = try lease(worker)
            do throws(PKCS11Fault) { return try body(lease) } catch {
                // A module may show nothing of a token that was taken away, and call no error what it does not find.
                let fault = error == .noKey && !sees(lease.connection, by: lease.session) ? Self.gone : error
                settle(fault, worker, lease.connection, key)
                guard left > 0, worker.isWanted, mayHelp(fault) else { throw .failed(custodyError(fault, key)) }
                left -= 1
            }
        }
    }

    private func mayHelp(_ fault: PKCS11Fault) -> Bool {
        switch fault.reaction {
        case .lost, .stale, .gone, .failing, .full: true
        case .pin, .template, .permanent: false
        }
    }

    /// What the caller of a fault is told when nothing more is tried.
    func custodyError(_ fault: PKCS11Fault, _ key: Bytes? = nil) -> CustodyError {
        if fault == .noKey { return .keyMissing(key: key?.hex ?? "") }
        let what = "\(self): \(fault)"
        return switch fault.reaction {
        case .full: .busy
        case .lost, .stale, .gone, .failing: .unavailable(what, retryAfter: .seconds(1))
        case .pin: .misconfigured(what)
        case .template, .permanent: .refused(what)
        }
    }

    /// After a fault: the session is not used again, for an operation may still run in it; and what is lost is looked after.
    func settle(_ fault: PKCS11Fault, _ worker: PKCS11Threads.Worker, _ connection: PKCS11Connection, _ key: Bytes?) {
        discard(worker)
        switch fault.reaction {
        case .gone: disconnect(connection, fault)
        case .lost, .failing: repair(connection)
        case .stale:
            if let key { forget(key, connection) }
            repair(connection)
        case .full, .pin, .template, .permanent: break
        }
    }

    /// This thread's session; opened if it has none, or one of an earlier connection.
    func lease(_ worker: PKCS11Threads.Worker) throws(PKCS11Interruption) -> PKCS11Lease {
        var left = 2
        while true {
            let connection = try connected()
            if let session = worker.session, session.epoch == connection.epoch {
                return PKCS11Lease(session: session.handle, connection: connection)
            }
            discard(worker)
            closeLeftovers()
            do throws(PKCS11Fault) {
                if let most = connection.mostSessions, state.withLock({ $0.owners.count }) >= most {
                    throw .answered(call: "C_OpenSession", PKCS11ReturnCode(number: 0xb1))
                }
                let session = try open(in: connection.slot, flags: connection.sessionFlags, owner: worker.number)
                worker.session = (session, connection.epoch)
                worker.farewell = discard
                return PKCS11Lease(session: session, connection: connection)
            } catch {
                if error.reaction == .full, state.withLock({ $0.owners.values.contains { $0 != Self.anchorOwner } }) { throw .noSession }
                settle(error, worker, connection, nil)
                guard left > 0, worker.isWanted, mayHelp(error) else { throw .failed(custodyError(error)) }
                left -= 1
            }
        }
    }

    func open(in slot: PKCS11Slot, flags: UInt, owner: Int) throws(PKCS11Fault) -> PKCS11Session {
        let session = try module.openSession(in: slot, flags: flags)
        state.withLock { state in
            state.owners[session] = owner
            // The number was given anew, so what had it is closed.
            state.leftovers.removeAll { $0 == session }
        }
        return session
    }

    /// Gives a thread's session back to the module.
    func discard(_ worker: PKCS11Threads.Worker) {
        guard let session = worker.session else { return }
        worker.session = nil
        close(session.handle, owner: worker.number)
    }

    /// Closes a session of ours. A module may have lost it and given its number to another: that one is left alone.
    func close(_ session: PKCS11Session, owner: Int) {
        let isOwn = state.withLock { state in
            guard state.owners[session] == owner else { return false }
            state.owners[session] = nil
            return true
        }
        guard isOwn else { return }
        if !isClosed(session) { state.withLock { $0.leftovers.append(session) } }
    }

    /// Asks the module to close it, three times where its answer leaves open what happened.
    private func isClosed(_ session: PKCS11Session) -> Bool {
        for _ in 0..<3 {
            do throws(PKCS11Fault) {
                try module.closeSession(session)
                return true
            } catch {
                // Of a life that is over, or the module says so itself.
                guard case .answered(_, let code) = error, code != .sessionHandleInvalid else { return true }
                // The module forgot everything.
                if code == .notInitialized { return true }
            }
        }
        return false
    }

    func closeLeftovers() {
        let sessions = state.withLock { state in
            defer { state.leftovers = [] }
            return state.leftovers
        }
        for session in sessions where !isClosed(session) { state.withLock { $0.leftovers.append(session) } }
    }

    /// The handle of the key with this id, found once for each login.
    /// - Parameter kind: a private or a secret key; no two keys of ours have one id.
    func handle(of key: Bytes, _ lease: PKCS11Lease, kind: PKCS11.ObjectClass = .privateKey) throws(PKCS11Fault) -> UInt {
        if let handle = lease.connection.handles[key] { return handle }
        let template: [PKCS11Attribute] = [.init(.class, kind.rawValue), .init(.id, key)]
        var found = try module.find(lease.session, template, most: 2)
        if found.isEmpty { found = try loggedIn(lease) { () throws(PKCS11Fault) in try module.find(lease.session, template, most: 2) } }
        guard let handle = found.first else { throw .noKey }
        guard found.count == 1 else { throw .unacceptable("it has two keys with the id \(key.hex)") }
        let facts = try module.attributes(lease.session, handle, [.alwaysAuthenticate])
        guard facts[.alwaysAuthenticate] != [1] else {
            throw .unacceptable("the key \(key.hex) wants its PIN at each signature, which is not supported")
        }
        remember(handle, of: key, lease.connection)
        return handle
    }

    /// Runs a search while somebody is logged in, from its beginning to its end: without a login nobody sees a private key, and a search that
    /// finds none says nothing.
    func loggedIn<Result>(_ lease: PKCS11Lease, _ search: () throws(PKCS11Fault) -> Result) throws(PKCS11Fault) -> Result {
        guard lease.connection.needsLogin else { return try search() }
        let lost = PKCS11Fault.answered(call: "C_FindObjects", .notLoggedIn)
        let attempts = state.withLock { $0.attempts }
        guard try module.isLoggedIn(lease.session) else { throw lost }
        let result = try search()
        // Lost and won again meanwhile counts as lost.
        guard try module.isLoggedIn(lease.session), state.withLock({ $0.attempts }) == attempts else { throw lost }
        return result
    }

    private func remember(_ handle: UInt, of key: Bytes, _ seen: PKCS11Connection) {
        change(seen) { $0.handles[key] = handle }
    }

    func forget(_ key: Bytes, _ seen: PKCS11Connection) { change(seen) { $0.handles[key] = nil } }

    /// Changes the connection, if it is still that of the same login.
    private func change(_ seen: PKCS11Connection, _ body: (inout PKCS11Connection) -> Void) {
        state.withLock { state in
            guard case .up(var connection) = state.condition, connection.epoch == seen.epoch, connection.login == seen.login else { return }
            body(&connection)
            state.condition = .up(connection)
        }
    }
}
