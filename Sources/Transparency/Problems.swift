import Approval
import Basics
import Custody
import PKIX
import Storage

extension Problem {
    /// What an act shows of an error of the rooms below; a stranger among errors is a fault of this program, and says no more.
    public init(wrapping error: any Error) {
        self =
            switch error {
            case let problem as Problem: problem
            case let refusal as Refusal: refusal.problem
            case let error as StorageError: error.problem
            case let error as CustodyError: error.problem
            case let error as PKIXError:
                Problem(.invalid, "pkix.malformed", title: "An X.509 object is not acceptable", detail: "Here, \(error.text).")
            default: Problem(.fault, "internal", title: "A fault of this program", detail: "\(type(of: error))")
            }
    }
}
