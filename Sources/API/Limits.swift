/// What a listener accepts at most, so that no peer can hold it up.
public struct Limits: Hashable, Sendable {
    /// Octets of a body.
    public var body = 1 << 20
    /// Octets of one header field, name and value.
    public var headerField = 8 << 10
    /// Octets of all header fields of a request.
    public var headers = 32 << 10
    public var headerCount = 64
    /// Connections at a time; more wait in the system's queue.
    public var connections = 512
    /// From accepting to the first request's head, and from an answer to the next request's head.
    public var idle = Duration.seconds(30)
    /// From a request's head to its body's last octet.
    public var reading = Duration.seconds(15)
    /// From an answer's first octet until the peer has taken it in.
    public var writing = Duration.seconds(30)
    /// How long a stop waits for requests in progress.
    public var drain = Duration.seconds(10)

    public init() {}
}
