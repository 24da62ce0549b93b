import Basics

/// How the values of all holes are found again in the strings of a certificate: a fixed list of cuts, each of which has one
/// possible outcome. It is made when the profile is read, and a profile for which there is none is refused then: so `check`
/// never searches, and never has to choose between two readings.
///
/// A hole is found when it is the only unknown one that is left of its text, when its length is fixed (`min` = `max`), or when
/// the constant beside it has a character that the hole's alphabet lacks. In `CN={model} {serial}, serialNumber={serial}` the
/// serial is found in its own attribute, then the model is what remains of CN.
struct Solution: Hashable, Sendable {
    enum Cut: Hashable, Sendable {
        /// A segment whose text is known stands at this end.
        case known(Text.Segment, End)
        /// So many characters at this end are the field's.
        case count(String, Int, End)
        /// The field reaches from this end to the nearest `separator`, less the `offset` constant characters before it.
        case upTo(String, separator: Unicode.Scalar, offset: Int, End)
        /// What remains is the field's.
        case rest(String)
    }

    enum End: Hashable, Sendable {
        case front, back
    }

    /// Which text, and what is cut off it.
    struct Step: Hashable, Sendable {
        let text: Int
        let cuts: [Cut]
    }

    private(set) var steps: [Step] = []

    /// - Throws: `profile.document-invalid` when a field is in no text, or cannot be told from its neighbor.
    init(of texts: [Text], fields: [String: Field]) throws(Problem) {
        let used = Set(texts.flatMap(\.fields))
        if let unused = fields.keys.filter({ !used.contains($0) }).sorted().first {
            throw .document("The field \(unused) stands nowhere in the certificate; take it out or use {\(unused)}.", "fields.\(unused)")
        }
        var known: Set<String> = []
        while known.count < used.count {
            let before = known.count
            for (index, text) in texts.enumerated() where text.fields.contains(where: { !known.contains($0) }) {
                let cuts = Self.cuts(of: text, known: &known, fields: fields)
                if !cuts.isEmpty { steps.append(Step(text: index, cuts: cuts)) }
            }
            guard known.count > before else {
                let name = used.filter { !known.contains($0) }.sorted().first ?? ""
                throw .document(
                    "The value of {\(name)} cannot be told from what stands beside it. Give it a place of its own, such as "
                        + "serialNumber={\(name)}, or put a character between that its alphabet lacks.", "fields.\(name)")
            }
        }
    }

    private static func cuts(of text: Text, known: inout Set<String>, fields: [String: Field]) -> [Cut] {
        var cuts: [Cut] = []
        var left = text.segments[...]
        func isKnown(_ segment: Text.Segment) -> Bool {
            if case .hole(.field(let name)) = segment { known.contains(name) } else { true }
        }
        var found = false
        while let first = left.first, let last = left.last {
            if isKnown(first) {
                cuts.append(.known(first, .front))
                left.removeFirst()
            } else if isKnown(last) {
                cuts.append(.known(last, .back))
                left.removeLast()
            } else if left.count == 1, case .hole(.field(let name)) = first {
                cuts.append(.rest(name))
                known.insert(name)
                return cuts
            } else if let (cut, name) = end(first, beside: left.dropFirst().first, .front, fields) {
                cuts.append(cut)
                known.insert(name)
                left.removeFirst()
                found = true
            } else if let (cut, name) = end(last, beside: left.dropLast().last, .back, fields) {
                cuts.append(cut)
                known.insert(name)
                left.removeLast()
                found = true
            } else {
                break
            }
        }
        return found ? cuts : []
    }

    private static func end(
        _ segment: Text.Segment, beside neighbor: Text.Segment?, _ end: End, _ fields: [String: Field]
    ) -> (Cut, String)? {
        guard case .hole(.field(let name)) = segment, let field = fields[name] else { return nil }
        if field.minimum == field.maximum { return (.count(name, field.minimum, end), name) }
        guard case .constant(let constant) = neighbor else { return nil }
        let scalars = end == .front ? Array(constant.unicodeScalars) : constant.unicodeScalars.reversed()
        guard let offset = scalars.firstIndex(where: { !field.alphabet.contains($0) }) else { return nil }
        return (.upTo(name, separator: scalars[offset], offset: offset, end), name)
    }
}

extension Solution {
    /// The fields' values that these strings were made from, if they were made from any.
    /// - Parameters:
    ///   - strings: what stands where the texts stand, in the texts' order.
    ///   - builtIn: the value of each hole that is no field.
    /// - Returns: nil when a string cannot come from its text. What is returned is a candidate: the caller fills the template
    ///   with it and compares.
    func values(in strings: [String], builtIn: (Hole) -> String) -> [String: String]? {
        var found: [String: String] = [:]
        func words(_ segment: Text.Segment) -> String? {
            switch segment {
            case .constant(let constant): constant
            case .hole(.field(let name)): found[name]
            case .hole(let hole): builtIn(hole)
            }
        }
        for step in steps {
            guard strings.indices.contains(step.text) else { return nil }
            // Scalars, never Characters: Swift's Strings are equal when they are only canonically equivalent.
            var left = Array(strings[step.text].unicodeScalars)[...]
            for cut in step.cuts {
                switch cut {
                case .known(let segment, let end):
                    guard let text = words(segment) else { return nil }
                    guard left.remove(Array(text.unicodeScalars), at: end) else { return nil }
                case .count(let name, let count, let end):
                    guard let value = left.take(count, at: end) else { return nil }
                    found[name] = value
                case .upTo(let name, let separator, let offset, let end):
                    guard let distance = left.distance(to: separator, from: end), distance >= offset,
                        let value = left.take(distance - offset, at: end)
                    else { return nil }
                    found[name] = value
                case .rest(let name):
                    guard let value = left.take(left.count, at: .front) else { return nil }
                    found[name] = value
                }
            }
        }
        return found
    }
}

extension ArraySlice<Unicode.Scalar> {
    fileprivate mutating func remove(_ scalars: [Unicode.Scalar], at end: Solution.End) -> Bool {
        switch end {
        case .front:
            guard starts(with: scalars) else { return false }
            removeFirst(scalars.count)
        case .back:
            guard reversed().starts(with: scalars.reversed()) else { return false }
            removeLast(scalars.count)
        }
        return true
    }

    fileprivate mutating func take(_ number: Int, at end: Solution.End) -> String? {
        guard number <= count else { return nil }
        let taken = end == .front ? prefix(number) : suffix(number)
        if end == .front { removeFirst(number) } else { removeLast(number) }
        return String(String.UnicodeScalarView(taken))
    }

    fileprivate func distance(to scalar: Unicode.Scalar, from end: Solution.End) -> Int? {
        switch end {
        case .front: firstIndex(of: scalar).map { $0 - startIndex }
        case .back: lastIndex(of: scalar).map { endIndex - 1 - $0 }
        }
    }
}
