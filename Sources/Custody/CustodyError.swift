import Approval
import Basics
import Glibc

/// What can go wrong in custody; each says whether trying again can help.
public enum CustodyError: Error, Hashable, Sendable {
    /// Refused for good: the warrant is for another key, kind or message, or the key lacks the purpose.
    case refused(String)
    /// The key's sealed form was altered, or sealed by another house.
    case sealBroken(key: String)
    /// The master key is sealed under a passphrase, and none was given.
    case sealed
    /// The passphrase is wrong, or the file was altered.
    case passphrase(path: String)
    /// Files or folders with the wrong owner or mode.
    case permissions(path: String, expected: String)
    /// Another process has this directory.
    case inUse(path: String)
    /// There is custody, or an anchor, already.
    case exists(path: String)
    /// There is no house here: neither custody nor database.
    case absent(path: String)
    /// One is there without the other, or it was never finished.
    case unanchored(path: String)
    case malformed(path: String, what: String)
    case anchor(Refusal)
    /// A module has too much to do; nothing was begun.
    case busy
    /// A module, its token or a session is away; nothing came of it, and it may be tried again.
    case unavailable(String, retryAfter: Duration)
    /// Nobody can say whether it was done: it must not be tried again before somebody has looked.
    case unknownOutcome(String)
    /// An operator has to act; nothing is tried again before that.
    case misconfigured(String)
    /// No custody has this name.
    case noCustody(Handle, known: [Handle])
    /// The token has no such key.
    case keyMissing(key: String)
    /// The disk refused; nothing of what was asked counts as done.
    case io(path: String, call: String, errno: Int32)

    public var problem: Problem {
        switch self {
        case .refused(let what):
            Problem(.fault, "custody.refused", title: "Custody refuses", detail: what)
        case .sealed:
            Problem(
                .invalid, "custody.sealed", title: "The master key is sealed",
                detail:
                    "Give its passphrase: at the terminal, with --master-passphrase-file FILE, or as the systemd credential assay-master.")
        case .passphrase(let path):
            Problem(
                .forbidden, "custody.passphrase-wrong", title: "The passphrase is wrong",
                detail: "\(path.escaped) does not open with it, or was altered.")
        case .sealBroken(let key):
            Problem(
                .fault, "custody.seal-broken", title: "A sealed key cannot be opened",
                detail: "Key \(key.escaped) was altered in the database, or belongs to another house. Restore the row from a backup.")
        case .permissions(let path, let expected):
            Problem(
                .invalid, "custody.permissions", title: "Others could read the keys",
                detail: "\(path) must be \(expected). Correct it with chmod and chown, and ask how it came to be otherwise.")
        case .inUse(let path):
            Problem(
                .conflict, "custody.in-use", title: "Another process has this house",
                detail: "\(path) is locked. Stop the other `assay` first.")
        case .exists(let path):
            Problem(
                .conflict, "custody.exists", title: "There is a house here already",
                detail: "\(path) exists. Choose another --data directory; an unfinished one is begun anew with `assay init --again`.")
        case .absent(let path):
            Problem(
                .notFound, "custody.absent", title: "There is no house here",
                detail: "\(path) has neither custody nor database. `assay init` founds one; --data names where it is.")
        case .unanchored(let path):
            Problem(
                .conflict, "custody.unanchored", title: "Custody and database do not belong together",
                detail: "\(path): anchor and database exist only together. Restore what is missing; this is never taken for a new house.")
        case .malformed(let path, let what):
            Problem(.fault, "custody.malformed", title: "A custody file is damaged", detail: "\(path): \(what)")
        case .anchor(let refusal): refusal.problem
        case .busy:
            Problem(
                .unavailable, "custody.busy", title: "The module has too much to do",
                detail: "More waits for the module than it can do in time. Nothing was begun; try again in a second.")
        case .unavailable(let what, let time):
            Problem(
                .unavailable, "custody.unavailable", title: "The module does not answer as it should",
                detail: "\(what). Nothing came of it; try again in \(max(1, time.components.seconds)) s.")
        case .unknownOutcome(let what):
            Problem(
                .fault, "custody.unknown-outcome", title: "Nobody can say what the module did",
                detail: "\(what). It is not tried again by itself.")
        case .misconfigured(let what):
            Problem(.fault, "custody.misconfigured", title: "The module cannot be used as it is configured", detail: what)
        case .noCustody(let name, let known):
            Problem(
                .invalid, "custody.not-found", title: "There is no such custody",
                detail: "\(name): this node has \(known.map(\.description).joined(separator: ", ")). "
                    + "`assay custody add` makes a token known to it, at its next start.", field: "custody")
        case .keyMissing(let key):
            Problem(
                .fault, "custody.key-missing", title: "The key is not in its token",
                detail: "The token has no private key with the id \(key.escaped). Restore the token from its backup.")
        case .io(let path, let call, let errno):
            Problem(
                .fault, "custody.io", title: "The system refused a file or directory", detail: "\(path): \(call): \(Self.words(of: errno))."
            )
        }
    }

    private static func words(of errno: Int32) -> String { String(cString: strerror(errno)) }
}
