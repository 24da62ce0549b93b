import Basics
import PKIX

/// A blocklist in force: no certificate is issued for a key that its file names. The file itself lies beside the node's data; this says
/// which one it is.
public struct BlocklistDocument: Hashable, Sendable {
    public let name: Handle
    public let form: KeyBlocklist.Form
    /// SHA-256 of the file.
    public let file: Digest32

    /// - Parameter document: canonical JSON: `name`, `form`, and `sha256` in hexadecimal, as `sha256sum` prints it.
    public init(document: Bytes) throws(Problem) {
        var fields = try JSONFields(try JSON(document: document), code: "document.blocklist-invalid")
        name = try fields.handle("name")
        form = try fields.parsed("form", expected: "one of " + KeyBlocklist.Form.allCases.map(\.rawValue).joined(separator: ", ")) {
            KeyBlocklist.Form(rawValue: $0)
        }
        file = try fields.parsed("sha256", expected: "64 lower-case hexadecimal digits") { Digest32(hex: $0) }
        try fields.end()
    }
}
