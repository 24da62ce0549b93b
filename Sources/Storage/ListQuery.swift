import Basics

/// One page of a table as SQL, in the order of columns that an index has: what lies before the page is not read.
public struct ListQuery: Hashable, Sendable {
    public let sql: String
    public let arguments: [SQLValue]
    /// Rows of a page at most; the query asks for one more, which shows whether there is a next page.
    let limit: Int

    public enum Order: String, Sendable {
        case rising = "ASC"
        case falling = "DESC"
    }

    /// - Parameters:
    ///   - filters: columns with the values that they must have; they come first in the index.
    ///   - key: the columns that order the table, unique together.
    ///   - after: the key of the row behind which the page begins, nil at the beginning.
    public init(
        _ columns: String, from table: String, where filters: [(column: String, value: SQLValue)] = [], by key: [String], _ order: Order,
        after: [SQLValue]?, limit: Int64
    ) {
        var conditions: [String] = []
        var arguments: [SQLValue] = []
        func bound(_ value: SQLValue) -> String {
            arguments.append(value)
            return "$\(arguments.count)"
        }
        for filter in filters { conditions.append("\(filter.column) = \(bound(filter.value))") }
        if let after {
            let places = after.map(bound).joined(separator: ", ")
            conditions.append("(\(key.joined(separator: ", "))) \(order == .rising ? ">" : "<") (\(places))")
        }
        let condition = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let columnsInOrder = key.map { "\($0) \(order.rawValue)" }.joined(separator: ", ")
        sql = "SELECT \(columns) FROM \(table)\(condition) ORDER BY \(columnsInOrder) LIMIT \(bound(.integer(limit + 1)))"
        self.arguments = arguments
        self.limit = Int(clamping: limit)
    }

    /// A page of a table whose key is its id.
    public init(
        _ columns: String, from table: String, where filters: [(column: String, value: SQLValue)] = [], _ order: Order, _ paging: Paging<ID>
    ) {
        self.init(
            columns, from: table, where: filters, by: ["id"], order, after: paging.after.map { [.blob($0.bytes)] }, limit: paging.limit)
    }
}

extension Snapshot {
    /// The page that a query asks for.
    /// - Parameter place: what a caller hands in to get what comes behind an element.
    public func page<Element>(
        _ query: ListQuery, place: (Element) -> String, _ element: (Row) throws -> Element
    ) throws -> Page<Element> {
        let rows = try rows(query.sql, query.arguments)
        let elements = try rows.prefix(query.limit).map(element)
        return Page(elements, next: rows.count > query.limit ? elements.last.map(place) : nil)
    }
}
