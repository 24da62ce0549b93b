import Basics
import PKIX

/// What stands in the holes of one certificate.
struct Values: Hashable, Sendable {
    var fields: [String: String]
    let serial: SerialNumber
    let notBefore: UTCTime
    let publicKey: SubjectPublicKeyInfo
    let alternativeKey: SubjectPublicKeyInfo?

    func builtIn(_ hole: Hole) -> String {
        switch hole {
        case .field(let name): fields[name] ?? ""
        case .certificateSerial: serial.hex
        case .certificateTime:
            String(String.UnicodeScalarView(notBefore.description.unicodeScalars.filter { !"-:T".unicodeScalars.contains($0) }))
        case .keyDigest: publicKey.digest.hex
        }
    }

    func render(_ text: Text) -> String {
        text.segments.map { segment in
            switch segment {
            case .constant(let constant): constant
            case .hole(let hole): builtIn(hole)
            }
        }.joined()
    }
}
