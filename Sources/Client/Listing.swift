import Basics
import Wire

// Lists come in pages. A place in a list is what the node called `next`, and is handed back as it came.
extension Session {
    /// One page of a list.
    /// - Parameter name: the answer's member that has the elements.
    func page<Element>(
        _ route: Route, _ name: String, state: String? = nil, _ paging: Paging<String>,
        _ read: (inout JSONFields) throws(Problem) -> Element
    ) async throws(Problem) -> Page<Element> {
        try await page(route, state: state, paging) { fields throws(Problem) in try fields.list(name, read) }
    }

    /// The same, with all elements read at once.
    func page<Element>(
        _ route: Route, state: String? = nil, _ paging: Paging<String>, all read: (inout JSONFields) throws(Problem) -> [Element]
    ) async throws(Problem) -> Page<Element> {
        var query = ["limit": [String(paging.limit)]]
        query["after"] = paging.after.map { [$0] }
        query["state"] = state.map { [$0] }
        var fields = try await transport.fields(route, query: query)
        let elements = try read(&fields)
        let next = try fields.optionalString("next")
        if let next {
            // People are shown it as a part of a command: nothing else than ids, hashes and handles.
            guard next.utf8.count <= 64, next.utf8.allSatisfy({ Self.inPlaces.contains($0) }) else {
                throw .answerMalformed("`next` is no place in a list.")
            }
            // A list that does not move on would have no end.
            guard !elements.isEmpty, next != paging.after else { throw .answerMalformed("A list goes on at the place where it is.") }
        }
        return Page(elements, next: next)
    }

    private static let inPlaces = Set("abcdefghijklmnopqrstuvwxyz0123456789-".utf8)

    /// Every element of a list, page by page: no more than one page is held.
    /// - Parameter fetch: asks for one page, as ``requests(_:_:)`` does.
    public func each<Element>(
        _ fetch: (Paging<String>) async throws(Problem) -> Page<Element>, _ body: (Element) async throws(Problem) -> Void
    ) async throws(Problem) {
        var paging = Paging<String>()
        while true {
            let page = try await fetch(paging)
            for element in page.elements { try await body(element) }
            guard let next = page.next else { return }
            paging = Paging(after: next)
        }
    }
}
