import Basics

extension Problem {
    static func unreachable(_ address: NodeAddress) -> Problem {
        Problem(
            .unavailable, "client.node-unreachable", title: "The node cannot be reached",
            detail: "Nothing accepts connections at \(address). Is the node running there?")
    }

    static func serverKey(_ address: NodeAddress) -> Problem {
        Problem(
            .forbidden, "client.server-key-mismatch", title: "The server is not the one you know",
            detail: "What answers at \(address) has another key than the one that was pinned when you joined. Nothing was sent to it.")
    }

    static func handshake(_ address: NodeAddress) -> Problem {
        Problem(
            .unavailable, "client.handshake-failed", title: "No secure connection came about",
            detail: "What answers at \(address) does not speak TLS 1.3 as a node does, or refused your certificate.")
    }

    /// - Parameter changed: whether the request may have changed something.
    static func connectionLost(_ address: NodeAddress, changed: Bool) -> Problem {
        let advice = changed ? "Whether the request was carried out is not known: look before you repeat it." : "Try again."
        return Problem(
            .unavailable, "client.connection-lost", title: "The connection ended before the answer",
            detail: "The connection to \(address) ended. \(advice)")
    }

    static func deadline(_ address: NodeAddress, changed: Bool) -> Problem {
        let advice = changed ? "Whether the request was carried out is not known: look before you repeat it." : "Try again."
        return Problem(
            .unavailable, "client.deadline-exceeded", title: "The node did not answer in time",
            detail: "There was no answer from \(address) before the deadline. \(advice)")
    }

    static let answerTooLarge = Problem(
        .fault, "client.answer-too-large", title: "The node's answer is too large",
        detail: "More than \(NodeClient.largestAnswer) octets came.")

    static let notSent = Problem(
        .fault, "client.setup-failed", title: "The connection could not be prepared",
        detail: "The login key is not one that the TLS stack takes, or the system has no resources left.")
}
