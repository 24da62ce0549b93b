import Basics

/// The next thing to try after a problem.
enum Advice {
    static func next(after problem: Problem) -> String { byCode[problem.code] ?? byKind(problem.kind) }

    private static let byCode = [
        "client.node-unreachable": "Next: start it with `assay serve`, or look whether its address has changed.",
        "client.file": "Next: correct the path, or the rights on it.",
        "client.file-not-private": "Next: run that, and ask who could have read it.",
        "client.file-exists": "Next: the same command with another file, or move that one away.",
        "client.folder-exists": "Next: the same command with another --as NAME.",
        "client.folder-damaged": "Next: restore it; without a backup, an administrator invites you anew under another name.",
        "client.folder-not-empty": "Next: the same command with another --out.",
        "client.other-house": "Next: `assay login` with another --as NAME.",
        "client.handshake-failed": "Next: look what listens at that address; `assay serve` prints the one of the node.",
        "client.no-such-person": "Next: say who you are with --as NAME; new people begin with `assay login CODE --as NAME`.",
        "client.person-not-said": "Next: repeat the command with --as NAME.",
        "client.not-attached": "Next: paste the line that `assay serve` prints: assay login assay-node-… --as NAME",
        "client.passphrase-wrong": "Next: try again; a forgotten passphrase cannot be recovered, another person must be enrolled.",
        "client.no-terminal": "Next: repeat the command with --passphrase-file FILE.",
        "client.not-confirmed": "Next: the same command with --yes.",
        "client.server-lied": "Next: sign nothing, and run `assay ledger verify`.",
        "client.roster-rollback": "Next: sign nothing; compare with what another officer sees: assay roster show",
        "client.roster-fork": "Next: sign nothing; compare with what another officer sees: assay roster show",
        "client.server-key-mismatch": "Next: ask your administrators whether the server was set up anew; until then trust nothing there.",
        "custody.absent": "Next: assay init --administrator NAME.person --data DIR",
        "custody.exists": "Next: the same command with another --data, or with --again.",
        "custody.in-use": "Next: stop the other one, or name another house with --data.",
        "custody.known": "Next: see what it knows: assay custody list --data DIR",
        "custody.token-not-found": "Next: the same command with --token and --serial of one of these.",
        "custody.misconfigured": "Next: correct what is named, then the same command; a server tries it at its next start.",
        "custody.refused": "Next: see where keys lie, and under what: assay custody list --data DIR, assay key list",
        "custody.unavailable": "Next: look whether the token is there and its module reaches it; then the same command.",
        "custody.io": "Next: see whose it is, and whether there is room; run as the user that owns the house.",
        "custody.permissions": "Next: correct it, then the same command.",
        "custody.sealed": "Next: the same command with --master-passphrase-file FILE.",
        "custody.passphrase-wrong":
            "Next: try again; without the passphrase this house cannot be opened, only restored from a plain backup.",
        "custody.unanchored": "Next: look into --data; `assay init --again` is for a house that was never finished.",
        "custody.anchor-invalid": "Next: put back the custody directory that belongs to this database.",
        "node.address-unavailable": "Next: the same command with another --listen.",
        "storage.failed": "Next: make room or mend the disk, then the same command.",
        "storage.damaged": "Next: keep it for the inquiry; restore the newest backup of the database.",
        "ledger.checkpoint-invalid": "Next: give the file that `assay ledger checkpoint --out FILE` has written.",
        "roster.signature-not-needed": "Next: see who still has to sign: assay roster list",
        "roster.proposal-not-found": "Next: see what is proposed: assay roster list",
        "roster.incomplete": "Next: see who is in it: assay officer list",
        "certificate.not-found": "Next: assay certificate list",
        "vote.own-request": "Next: ask another officer to look at it: assay request show ID",
        "vote.twice": "Next: another officer must approve; see who has: assay request show ID",
        "vote.not-eligible": "Next: see which role it takes: assay request show ID",
        "request.decided": "Next: assay request show ID",
        "request.not-found": "Next: assay request list",
        "request.not-issued": "Next: assay request show ID",
        "request.fields": "Next: give exactly these fields, each as --field name=value.",
        "request.csr-invalid": "Next: look at it with `openssl req -in FILE -noout -text -verify`.",
        "request.possession-unproven":
            "Next: make the request with the device's own key; `openssl req -in FILE -noout -verify` says whether it is.",
        "statement.expired": "Next: submit the request again.",
        "statement.document-not-in-force": "Next: submit the request again, under the documents that are in force now.",
        "profile.not-found": "Next: `assay roster show` lists the profiles in force.",
        "authority.not-found": "Next: assay authority list",
        "allowance.exhausted": "Next: an officer asks for another one: assay allowance open …",
        "allowance.closed": "Next: an officer asks for another one: assay allowance open …",
        "allowance.outside-window": "Next: look at the window: assay allowance show ID",
        "allowance.other-profile": "Next: see what is open: assay allowance list",
        "allowance.decided": "Next: assay allowance show ID",
        "allowance.not-found": "Next: assay allowance list",
        "access.machine-unknown": "Next: hand the machine's key file to an officer: assay allowance open --machine FILE …",
        "client.no-such-machine": "Next: assay machine enroll NAME --node assay-node-…",
        "officer.not-enrolled": "Next: wait for that person's `assay login`, then ask for the fingerprint.",
        "officer.fingerprint-mismatch": "Next: compare again with the person, by voice.",
        "officer.roles-unknown": "Next: the same command with --role registration-officer",
        "officer.exists": "Next: assay officer list",
        "roster.quorum-not-met": "Next: another administrator runs `assay roster sign`.",
        "roster.signed-already": "Next: another administrator runs `assay roster sign`.",
        "roster.not-next": "Next: repeat the command; it begins from the present roster.",
        "roster.expired": "Next: make the change again.",
        "access.key-unknown": "Next: ask an administrator to confirm you: assay officer confirm NAME --fingerprint …",
        "access.role-missing": "Next: ask somebody who has the role; `assay status` says which ones you have.",
        "enrollment.code-invalid": "Next: ask an administrator for a new code: assay officer add NAME --role ROLE",
        "code.malformed": "Next: paste the whole code, as one word; ask for a new one if it was cut.",
        "plan.authority-changed": "Next: give the new authority another name in the file.",
        "ledger.rollback": "Next: keep your checkpoint file; it is the evidence.",
        "ledger.history-changed": "Next: keep your checkpoint file; it is the evidence.",
    ]

    private static func byKind(_ kind: Problem.Kind) -> String {
        switch kind {
        case .invalid: "Next: correct it and try again; --help has an example."
        case .unauthenticated: "Next: see who you are here: assay status"
        case .forbidden: "Next: see what you may do: assay status"
        case .notFound: "Next: see what there is: assay status, assay request list, assay roster show"
        case .conflict: "Next: see how things are now: assay status"
        case .tooLarge: "Next: send less."
        case .unavailable: "Next: try again in a moment."
        case .fault: "Next: look into the server's log, or ask your administrators."
        }
    }
}
