import Approval
import ArgumentParser
import Basics

// What a mistyped argument is told by the parser (exit status 64).
extension Handle: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension ID: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension Role: ExpressibleByArgument {}

/// `name=value`.
struct FieldArgument: ExpressibleByArgument {
    let name: String
    let value: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let name = parts.first, !name.isEmpty, let value = parts.last else { return nil }
        self.name = String(name)
        self.value = String(value)
    }
}
