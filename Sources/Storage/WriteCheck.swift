extension Write {
    /// What is wrong with the text, if anything: a change writes rows of the services' tables, and adds checkpoints. The ledger's own
    /// tables belong to the committer, transactions and settings too.
    var fault: String? {
        let words = sql.split(maxSplits: 3, omittingEmptySubsequences: true) { $0 == " " || $0 == "\n" || $0 == "(" }
        let table: Substring
        switch (words.first, words.dropFirst().first) {
        case ("INSERT", "INTO"), ("DELETE", "FROM"): table = words.dropFirst(2).first ?? ""
        case ("UPDATE", let name?): table = name
        default: return "A write begins with INSERT INTO, UPDATE or DELETE FROM."
        }
        if ["entry", "mention", "tile", "head", "migration"].contains(table) { return "Only the committer writes to \(table)." }
        if table == "checkpoint", words.first != "INSERT" { return "A checkpoint is never changed." }
        guard !table.isEmpty, table.utf8.allSatisfy({ $0 == 0x5f || (0x61...0x7a).contains($0) }) else {
            return "A table's name has lower-case letters and underscores only."
        }
        return nil
    }
}
