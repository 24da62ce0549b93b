import Approval
import Basics
import Storage

extension Doctor {
    /// Whether the files of the blocklists in force are where the node looks for them; nothing where there is none in force.
    func blocklists(_ look: DatabaseLook, _ roster: Roster) -> [Finding] {
        let names = roster.documents.filter { $0.kind == .blocklist }.map(\.digest)
        let documents = look.documents.filter { names.contains(Digest32(of: $0)) }.compactMap { try? BlocklistDocument(document: $0) }
        guard !documents.isEmpty else { return [] }
        var keys = 0
        for document in documents.sorted(by: { $0.name < $1.name }) {
            do throws(Problem) {
                guard let list = try Blocklists(paths).list(of: document) else { throw Refusal.blocklistMissing(document.name).problem }
                keys += list.count
            } catch {
                return [
                    Finding(
                        "blocklists", .fail, "The blocklist \(document.name) is in force, and its file cannot be used: \(error.detail)",
                        "Put the file back:", command: "assay blocklist add FILE --form \(document.form.rawValue) --data \(place)")
                ]
            }
        }
        return [Finding("blocklists", .ok, "\(documents.count) in force, their files are here: \(keys) keys.")]
    }
}
