import Basics

extension Problem {
    /// Each fault of a profile's own document has this code; the field says where.
    static let documentCode = "profile.document-invalid"

    /// The profile's document is not one.
    static func document(_ detail: String, _ field: String) -> Problem {
        Problem(.invalid, documentCode, title: "The profile is not valid", detail: detail, field: field)
    }

    /// A certificate is not an instance of the profile.
    static func instance(_ rule: String, _ detail: String, _ field: String) -> Problem {
        Problem(.invalid, "profile.\(rule)", title: "The certificate is not an instance of its profile", detail: detail, field: field)
    }
}
