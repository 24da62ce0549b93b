import ArgumentParser
import Basics
import Client

/// How much of a list is told: the same options on every list that can grow.
struct PageOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How many at once; \(PageLimit.usual) unless said.", valueName: "count"))
    var limit: Int64 = PageLimit.usual

    @Option(help: ArgumentHelp("Only what comes behind this one.", valueName: "id"))
    var after: String?

    @Flag(help: "All of them, page by page.")
    var all = false

    func validate() throws {
        guard PageLimit.accepted.contains(limit) else {
            throw ValidationError("--limit: \(PageLimit.accepted.lowerBound) to \(PageLimit.accepted.upperBound) is accepted.")
        }
    }
}

/// Lists what the node has, in a session with it: the first page, the one behind a place, or all pages one after the other; no more than
/// one page is held. With --json it is one document; one that breaks off because a page could not be had does not end.
/// - Parameters:
///   - name: what is listed, the document's member.
///   - cells: an element as a row of the table.
func listing<Element>(
    _ name: String, _ pages: PageOptions, _ personal: PersonalOptions, _ table: Table,
    page: (Session, Paging<String>) async throws(Problem) -> Page<Element>, cells: (Element) -> [String], json: (Element) -> JSON
) async throws {
    try await inSession(personal) { session in
        var paging = Paging(limit: pages.limit, after: pages.after)
        var table = table
        var document = ArrayDocument(name)
        while true {
            let page = try await page(session, paging)
            for element in page.elements {
                if Output.isJSON { document.add(json(element)) } else { table.add(cells(element)) }
            }
            guard let next = page.next, pages.all else {
                if Output.isJSON { return document.end(next: page.next) }
                table.isEmpty ? say("No \(name).") : table.say()
                if let next = page.next { complain("There are more: say --after \(next), or --all.") }
                return
            }
            table.say()
            paging = Paging(limit: pages.limit, after: next)
        }
    }
}

/// A JSON document with one array, written as it grows.
private struct ArrayDocument {
    private var text: String
    private var isFirst = true

    init(_ name: String) { text = "{\"\(name)\":[" }

    mutating func add(_ element: JSON) {
        write(text + String(decoding: element.canonicalBytes, as: UTF8.self), terminator: "")
        text = ","
        isFirst = false
    }

    /// - Parameter next: the place behind which the list goes on.
    mutating func end(next: String?) {
        write((isFirst ? text : "") + "]" + (next.map { ",\"next\":\"\($0)\"" } ?? "") + "}")
    }
}
