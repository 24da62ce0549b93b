/// Reads Swift just well enough to tell code from comments, string and regex literals; interpolated code counts as code.
struct Code {
    private let text: [Character]
    private var at = 0
    private var output = ""

    init(_ text: String) { self.text = Array(text) }

    var withoutCommentsAndStrings: String {
        var reader = self
        reader.code(until: nil)
        return reader.output
    }

    private func starts(_ prefix: String) -> Bool { text[at...].starts(with: prefix) }

    private mutating func keep(_ count: Int = 1) {
        output += String(text[at..<min(at + count, text.count)])
        at += count
    }

    /// A blank in the place of each character, so that what stands around keeps its distance; line breaks stay.
    private mutating func blank(_ count: Int = 1) {
        for character in text[at..<min(at + count, text.count)] { output.append(character.isNewline ? "\n" : " ") }
        at += count
    }

    /// Code up to the parenthesis that closes an interpolation, or to the end of the file.
    private mutating func code(until closing: Character?) {
        var depth = 0
        while at < text.count {
            if starts("//") {
                while at < text.count, !text[at].isNewline { blank() }
            } else if starts("/*") {
                comment()
            } else if text[at] == "\"" || text[at] == "#" {
                string()
            } else if let length = regexLength {
                keep()
                blank(length)
                keep()
            } else {
                if text[at] == "(" { depth += 1 }
                if text[at] == closing {
                    if depth == 0 { return }
                    depth -= 1
                }
                keep()
            }
        }
    }

    /// Characters between the slashes of a regex literal that begins here; nil where a slash divides or there is none.
    private var regexLength: Int? {
        guard text[at] == "/", at + 1 < text.count, !text[at + 1].isWhitespace else { return nil }
        guard at == 0 || text[at - 1].isWhitespace || "(,:[#!".contains(text[at - 1]) else { return nil }
        var end = at + 1
        while end < text.count, text[end] != "/", !text[end].isNewline { end += text[end] == "\\" ? 2 : 1 }
        return end < text.count && text[end] == "/" ? end - at - 1 : nil
    }

    private mutating func comment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                blank(2)
            } else if starts("*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && at < text.count
    }

    private mutating func string() {
        let pounds = String(text[at...].prefix { $0 == "#" })
        let after = text[(at + pounds.count)...]
        guard after.first == "\"" else { return keep(max(1, pounds.count)) }
        let quotes = after.starts(with: "\"\"\"") ? "\"\"\"" : "\""
        let end = quotes + pounds
        let escape = "\\" + pounds
        keep(pounds.count + quotes.count)
        while at < text.count, !starts(end) {
            if starts(escape + "(") {
                blank(escape.count)
                keep()
                code(until: ")")
            } else if starts(escape) {
                blank(escape.count)
                if at < text.count { blank() }
            } else {
                blank()
            }
        }
        keep(end.count)
    }
}
