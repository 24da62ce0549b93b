import Basics
import Synchronization

/// A token that was found, with its login.
struct PKCS11Connection: Sendable {
    /// Sessions belong to one epoch, handles to one login of it.
    let epoch: Int
    var login = 1
    let slot: PKCS11Slot
    /// Opened first, closed last, used for nothing: with an application's last session its login ends.
    var anchor: PKCS11Session
    let needsLogin: Bool
    let hasKeypad: Bool
    let mechanisms: [PKCS11.Mechanism: UInt]
    let mostSessions: Int?
    /// Some modules refuse sessions that only read.
    let sessionFlags: UInt
    /// Private and secret keys by CKA_ID.
    var handles: [Bytes: UInt] = [:]
}

/// Finding the token, logging in, and what is done when either is lost. All of it is called on threads that may wait.
extension PKCS11Token {
    /// The connection, made now if there is none.
    /// - Throws: an error at once while the token is known to be away.
    func connected() throws(PKCS11Interruption) -> PKCS11Connection {
        do throws(CustodyError) {
            if let connection = try current() { return connection }
            if case .away(let what, _, let failures) = state.withLock({ $0.condition }), failures > 0 {
                // It is looked for already, and was not found before: nobody waits for that.
                let connection = try connecting.withLockIfAvailable { _ throws(CustodyError) in try findNow() }
                guard let connection else { throw .unavailable("\(self): \(what)", retryAfter: .seconds(1)) }
                return connection
            }
            return try connecting.withLock { _ throws(CustodyError) in try findNow() }
        } catch { throw .failed(error) }
    }

    private func findNow() throws(CustodyError) -> PKCS11Connection {
        // Another thread may have done it while this one waited.
        if let connection = try current() { return connection }
        restartModule()
        do throws(PKCS11Fault) {
            let connection = try reachTwice()
            state.withLock { state in
                state.condition = .up(connection)
                state.isRestartDue = false
                state.missedLooks = 0
                // What is of an earlier life of the module is closed.
                state.owners = state.owners.filter { $0.key.life == connection.slot.life }
                state.leftovers.removeAll { $0.life != connection.slot.life }
            }
            watch(connection.epoch)
            return connection
        } catch { throw away(error) }
    }

    private func current() throws(CustodyError) -> PKCS11Connection? {
        switch state.withLock({ $0.condition }) {
        case .up(let connection): return connection
        case .away(let what, let until, _):
            let now = clocks.monotonic
            guard now < until else { return nil }
            throw .unavailable("\(self): \(what)", retryAfter: until - now)
        case .halted(let what): throw .misconfigured("\(self): \(what)")
        case .closed: throw .unavailable("The token is closed", retryAfter: .seconds(1))
        }
    }

    private static let longestBackOff = Duration.seconds(30)

    /// Notes that the token is away, and looks for it later; or that an operator has to act.
    private func away(_ fault: PKCS11Fault) -> CustodyError {
        let what = "\(fault)"
        let now = clocks.monotonic
        let wait = state.withLock { state -> Duration? in
            switch state.condition {
            case .closed: return nil
            case .halted: return nil
            case .away(_, _, let failures) where !isFinal(fault):
                let wait = min(Self.longestBackOff, .milliseconds(100) * (1 << min(failures, 10)))
                state.condition = .away(what: what, until: now + wait, failures: failures + 1)
                return wait
            default:
                state.condition = .halted(what)
                return nil
            }
        }
        guard let wait else { return .misconfigured("\(self): \(what)") }
        comeBack(after: wait)
        return .unavailable("\(self): \(what)", retryAfter: wait)
    }

    /// Modules see only anew what has come back, or was not there when they began. Others that use this one lose their sessions by that and log
    /// in again: they are disturbed ever more seldom, and never where somebody has to come to a keypad.
    private func restartModule() {
        let isRestartDue = state.withLock { state -> Bool? in
            guard case .away(_, _, let failures) = state.condition, failures > 0 else { return nil }
            // Due until it is done: a call that takes its time is no reason to wait twice as long.
            if failures.nonzeroBitCount == 1 { state.isRestartDue = true }
            return state.isRestartDue
        }
        guard let isRestartDue else { return }
        let isDone = module.restart(for: ObjectIdentifier(self)) { others in
            (isRestartDue || others.isEmpty) && !others.contains(.asksSomebody)
        }
        if isDone { state.withLock { $0.isRestartDue = false } }
    }

    /// Whether trying again by itself helps nobody, or does harm: every wrong PIN brings the token nearer to its lock.
    private func isFinal(_ fault: PKCS11Fault) -> Bool {
        switch fault {
        case .answered(_, let code): code.reaction == .pin || code.number == 0xa
        case .unacceptable: true
        case .wrongSignature, .noKey, .lifeIsOver: false
        }
    }

    /// One fault on the way is no reason to turn callers away.
    private func reachTwice() throws(PKCS11Fault) -> PKCS11Connection {
        do throws(PKCS11Fault) { return try reach() } catch {
            guard !isFinal(error) else { throw error }
            return try reach()
        }
    }

    private func reach() throws(PKCS11Fault) -> PKCS11Connection {
        let (slot, facts) = try find(try module.initialize())
        try requireLoginAllowed(facts)
        let (anchor, flags) = try openAnchor(in: slot)
        do throws(PKCS11Fault) {
            let needsLogin = facts.has(PKCS11.TokenFlag.loginRequired)
            let hasKeypad = facts.has(PKCS11.TokenFlag.protectedAuthenticationPath)
            // From now on somebody may be at the keypad.
            module.note(ObjectIdentifier(self), needsLogin && hasKeypad ? .asksSomebody : .logsInByItself)
            if needsLogin { try login(anchor, hasKeypad: hasKeypad) }
            let mechanisms = try module.mechanisms(of: slot)
            let epoch = state.withLock { state in
                state.epochs += 1
                return state.epochs
            }
            return PKCS11Connection(
                epoch: epoch, slot: slot, anchor: anchor, needsLogin: needsLogin, hasKeypad: hasKeypad, mechanisms: mechanisms,
                mostSessions: facts.mostSessions, sessionFlags: flags)
        } catch {
            module.note(ObjectIdentifier(self), nil)
            close(anchor, owner: Self.anchorOwner)
            throw error
        }
    }

    /// The slot of the token with this label and serial number: numbers of slots change.
    private func find(_ life: Int) throws(PKCS11Fault) -> (slot: PKCS11Slot, facts: PKCS11Module.TokenFacts) {
        var found: [(PKCS11Slot, PKCS11Module.TokenFacts)] = []
        for slot in try module.slots(life) {
            // Another slot's token may be broken, and is none of ours.
            guard let facts = try? module.token(in: slot), facts.has(PKCS11.TokenFlag.initialized) else { continue }
            if isThis(facts) { found.append((slot, facts)) }
        }
        guard let first = found.first else { throw Self.gone }
        guard found.count == 1 else { throw .unacceptable("there are \(found.count) tokens with this label and serial number") }
        return first
    }

    /// No slot has the token.
    static let gone = PKCS11Fault.answered(call: "C_GetSlotList", PKCS11ReturnCode(number: 0xe0))

    private func isThis(_ facts: PKCS11Module.TokenFacts) -> Bool {
        facts.label == configuration.label && facts.serial == configuration.serial
    }

    func isSeen(in slot: PKCS11Slot) -> Bool { (try? module.token(in: slot)).map(isThis) ?? false }

    /// Whether anything is seen of the token, where a key was not found.
    func sees(_ connection: PKCS11Connection, by session: PKCS11Session) -> Bool {
        isSeen(in: connection.slot) || (try? module.find(session, [.init(.isPrivate, true)], most: 1))?.isEmpty == false
    }

    private func requireLoginAllowed(_ facts: PKCS11Module.TokenFacts) throws(PKCS11Fault) {
        guard facts.has(PKCS11.TokenFlag.loginRequired) else { return }
        guard facts.has(PKCS11.TokenFlag.pinInitialized) else { throw .unacceptable("the token has no user PIN yet") }
        guard !facts.has(PKCS11.TokenFlag.pinLocked) else { throw .unacceptable("the token's PIN is locked") }
        guard !facts.has(PKCS11.TokenFlag.pinFinalTry) else {
            throw .unacceptable("one more wrong PIN locks the token; log in once with another program")
        }
    }

    private func openAnchor(in slot: PKCS11Slot) throws(PKCS11Fault) -> (session: PKCS11Session, flags: UInt) {
        do throws(PKCS11Fault) { return (try open(in: slot, flags: 0, owner: Self.anchorOwner), 0) } catch {
            guard error.reaction == .permanent else { throw error }
            let flags = PKCS11.SessionFlag.readWrite
            return (try open(in: slot, flags: flags, owner: Self.anchorOwner), flags)
        }
    }

    /// Logs in, once. Somebody else in this process may have done it.
    private func login(_ session: PKCS11Session, hasKeypad: Bool) throws(PKCS11Fault) {
        guard hasKeypad || pin != nil else { throw .unacceptable("the token wants a PIN, and none was given") }
        state.withLock { $0.attempts += 1 }
        do throws(PKCS11Fault) {
            do throws(PKCS11Fault) { try module.login(session, hasKeypad ? nil : pin) } catch {
                guard error == .answered(call: "C_Login", .alreadyLoggedIn) else { throw error }
                if try module.isLoggedIn(session) { return }
                try module.logout(session)
                try module.login(session, hasKeypad ? nil : pin)
            }
            state.withLock { state in
                state.isPINProven = true
                state.logins += 1
            }
        } catch {
            let isProven = state.withLock { $0.isPINProven }
            // What a module says of a wrong PIN may be anything: one that was never accepted is tried once.
            guard isProven || error == .lifeIsOver else {
                throw .unacceptable("the login was refused: \(error). It is not tried again; correct the PIN, and start anew")
            }
            throw error
        }
    }

    /// Looks after anchor and login when a call has failed, once for all that saw it.
    func repair(_ seen: PKCS11Connection) {
        connecting.withLock { _ in
            guard case .up(var connection) = state.withLock({ $0.condition }), connection.epoch == seen.epoch,
                connection.login == seen.login
            else { return }
            do throws(PKCS11Fault) {
                var isLoggedIn = try? module.isLoggedIn(connection.anchor)
                if isLoggedIn == nil {
                    let lost = connection.anchor
                    connection.anchor = try open(in: connection.slot, flags: connection.sessionFlags, owner: Self.anchorOwner)
                    close(lost, owner: Self.anchorOwner)
                    isLoggedIn = try module.isLoggedIn(connection.anchor)
                }
                if connection.needsLogin, isLoggedIn != true {
                    try requireLoginAllowed(try module.token(in: connection.slot))
                    try login(connection.anchor, hasKeypad: connection.hasKeypad)
                    // A handle may mean nothing after a login, or another key.
                    connection.login += 1
                    connection.handles = [:]
                }
                state.withLock { $0.condition = .up(connection) }
            } catch { lose(connection, error) }
        }
    }

    /// Gives the connection up; the next use looks for the token anew, at once.
    func disconnect(_ seen: PKCS11Connection, _ fault: PKCS11Fault) {
        connecting.withLock { _ in
            guard case .up(let connection) = state.withLock({ $0.condition }), connection.epoch == seen.epoch else { return }
            lose(connection, fault)
        }
    }

    private func lose(_ connection: PKCS11Connection, _ fault: PKCS11Fault) {
        close(connection.anchor, owner: Self.anchorOwner)
        state.withLock { state in
            state.condition =
                isFinal(fault) ? .halted("\(fault)") : .away(what: "\(fault)", until: clocks.monotonic, failures: 0)
        }
        module.note(ObjectIdentifier(self), nil)
        comeBack(after: .zero)
    }

    func disconnectForGood() {
        connecting.withLock { _ in
            closeLeftovers()
            if case .up(let connection) = state.withLock({ $0.condition }) {
                if connection.needsLogin { try? module.logout(connection.anchor) }
                close(connection.anchor, owner: Self.anchorOwner)
                closeLeftovers()
            }
            state.withLock { $0.condition = .closed }
            module.note(ObjectIdentifier(self), nil)
        }
    }
}
