import Basics

/// One line of the anchor: the only state outside the database. What limits is a line here before what it limits happens.
public enum AnchorLine: Hashable, Sendable {
    /// The roster in force: its version and H.
    case roster(version: Int64, digest: Digest32)
    /// The ledger's head that was told to somebody.
    case head(size: Int64, root: Digest32, time: UTCTime)
    /// A statement, or an authority's content, that is decided for ever; forgotten after `until`.
    case closed(Digest32, until: UTCTime)
    /// An allowance was opened: its id, H of its statement, how many certificates at most, and the end of its window. Without this
    /// line there is none.
    case allowance(ID, Digest32, number: Int64, until: UTCTime)
    /// Numbers of an allowance below this one may be drawn.
    case reserve(ID, upTo: Int64)
    /// Numbers from this one on were reserved and not drawn; only before `stop`.
    case drawn(ID, Int64)
    /// The last line of an orderly stop.
    case stop

    public var text: String {
        switch self {
        case .roster(let version, let digest): "roster \(version) \(digest)"
        case .head(let size, let root, let time): "head \(size) \(root) \(time.seconds)"
        case .closed(let digest, let until): "closed \(digest) \(until.seconds)"
        case .allowance(let id, let digest, let number, let until): "allowance \(id) \(digest) \(number) \(until.seconds)"
        case .reserve(let id, let count): "reserve \(id) \(count)"
        case .drawn(let id, let count): "drawn \(id) \(count)"
        case .stop: "stop"
        }
    }

    /// Reads a line without its authentication code.
    public init?(_ text: Substring) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        switch (words.first, words.count) {
        case ("roster", 3):
            guard let version = Decimal.parse(words[1]), let digest = Digest32(base64: words[2]) else { return nil }
            self = .roster(version: version, digest: digest)
        case ("head", 4):
            guard let size = Decimal.parse(words[1]), let root = Digest32(base64: words[2]), let time = Decimal.parse(words[3]) else {
                return nil
            }
            self = .head(size: size, root: root, time: UTCTime(seconds: time))
        case ("closed", 3):
            guard let digest = Digest32(base64: words[1]), let until = Decimal.parse(words[2]) else { return nil }
            self = .closed(digest, until: UTCTime(seconds: until))
        case ("allowance", 5):
            guard let id = ID(words[1]), let digest = Digest32(base64: words[2]), let number = Decimal.parse(words[3]),
                let until = Decimal.parse(words[4])
            else { return nil }
            self = .allowance(id, digest, number: number, until: UTCTime(seconds: until))
        case ("reserve", 3), ("drawn", 3):
            guard let id = ID(words[1]), let count = Decimal.parse(words[2]) else { return nil }
            self = words[0] == "reserve" ? .reserve(id, upTo: count) : .drawn(id, count)
        case ("stop", 1): self = .stop
        default: return nil
        }
    }
}

/// What all lines of an anchor together say.
public struct AnchorState: Hashable, Sendable {
    public static let context = "assay/anchor/v1"

    public let instance: Instance
    public let origin: String
    public let node: Handle
    /// H of roster version 1.
    public let pin: Digest32
    public internal(set) var roster: (version: Int64, digest: Digest32)
    public internal(set) var size: Int64
    public internal(set) var root: Digest32
    public internal(set) var time: UTCTime
    public internal(set) var closed: [Digest32: UTCTime]
    public internal(set) var allowances: [ID: AnchoredAllowance]
    /// Whether the last line is `stop`.
    public internal(set) var isStopped: Bool

    public init(instance: Instance, origin: String, node: Handle, pin: Digest32) {
        self.instance = instance
        self.origin = origin
        self.node = node
        self.pin = pin
        roster = (0, .zero)
        size = 0
        root = .zero
        time = UTCTime(seconds: 0)
        closed = [:]
        allowances = [:]
        isStopped = false
    }

    public var header: String { "\(Self.context) \(instance) \(origin) \(node) \(pin)" }

    init?(header: Substring) {
        let words = header.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 5, words[0] == Self.context, let instance = Instance(words[1]), !words[2].isEmpty, let node = Handle(words[3]),
            let pin = Digest32(base64: words[4])
        else { return nil }
        self.init(instance: instance, origin: String(words[2]), node: node, pin: pin)
    }

    public mutating func apply(_ line: AnchorLine) {
        isStopped = false
        switch line {
        case .roster(let version, let digest): roster = (version, digest)
        case .head(let size, let root, let time): (self.size, self.root, self.time) = (size, root, time)
        case .closed(let digest, let until): closed[digest] = max(until, closed[digest] ?? until)
        case .allowance, .reserve, .drawn: allowances.apply(line)
        case .stop: isStopped = true
        }
    }

    /// The lines that say the same in their shortest form; what was closed and is over by `now` is left out.
    public func compacted(now: UTCTime) -> [AnchorLine] {
        [.roster(version: roster.version, digest: roster.digest), .head(size: size, root: root, time: time)]
            + closed.filter { $0.value > now }.sorted { $0.key < $1.key }.map { .closed($0.key, until: $0.value) }
            + allowances.filter { $0.value.forgotten > now }.sorted { $0.key < $1.key }.flatMap { $0.value.lines($0.key) }
    }

    public static func == (left: AnchorState, right: AnchorState) -> Bool {
        left.header == right.header && left.roster == right.roster && left.size == right.size && left.root == right.root
            && left.time == right.time && left.closed == right.closed && left.allowances == right.allowances
            && left.isStopped == right.isStopped
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(header) }
}

/// The anchor's octets: lines `text mac`, each MAC over the one before and the line's text.
public struct AnchorChain: Sendable {
    /// No append is longer; so a torn one is not longer either.
    public static let appendLimit = 4096

    /// HMAC-SHA-256 under the anchor's key, which stays in custody.
    private let mac: @Sendable (Bytes) -> Digest32
    private var last = Digest32.zero
    public private(set) var state: AnchorState

    /// A new anchor, and its first line's octets.
    public static func begin(_ state: AnchorState, mac: @escaping @Sendable (Bytes) -> Digest32) -> (AnchorChain, Bytes) {
        var chain = AnchorChain(state: state, mac: mac)
        let octets = chain.link(state.header)
        return (chain, octets)
    }

    private init(state: AnchorState, mac: @escaping @Sendable (Bytes) -> Digest32) {
        self.state = state
        self.mac = mac
    }

    private mutating func link(_ text: String) -> Bytes {
        last = mac(last.bytes + text.utf8)
        return Bytes("\(text) \(last)\n".utf8)
    }

    /// The octets to append for `line`.
    public mutating func append(_ line: AnchorLine) -> Bytes {
        state.apply(line)
        return link(line.text)
    }

    /// Reads a whole anchor.
    /// - Parameter key: the MAC of the instance that the first line names.
    ///
    /// A torn append leaves a beginning of what was written, or whole sectors of zero octets in it; so nothing is cut but that. A whole line
    /// that is not this chain's was altered; one that is, but says nothing known here, was written by a later version, and what it
    /// limits would be forgotten.
    /// - Returns: the chain, and how many octets of `file` are good: a torn last append behind them is cut by the caller.
    /// - Throws: ``Refusal/anchor(_:)`` when the first line is bad, a whole line is, or more is torn than one append.
    public static func read(
        _ file: Bytes, key: (Instance) -> @Sendable (Bytes) -> Digest32
    ) throws(Refusal) -> (AnchorChain, good: Int) {
        var at = 0
        guard let first = nextLine(file, &at), let (header, tag) = split(first), let state = AnchorState(header: header) else {
            throw .anchor("its first line is missing or malformed")
        }
        var chain = AnchorChain(state: state, mac: key(state.instance))
        guard chain.accepts(header, tag) else { throw .anchor("its first line was not written with this master key") }
        var good = at
        while let end = file[good...].firstIndex(of: 0x0a), !hasHole(file, good..<end) {
            guard let line = nextLine(file, &at), let (text, tag) = split(line), chain.accepts(text, tag) else {
                throw .anchor("the line at octet \(good) was altered")
            }
            guard let parsed = AnchorLine(text) else {
                throw .anchor("the line at octet \(good) was written by a later version of this program")
            }
            chain.state.apply(parsed)
            good = at
        }
        guard file.count - good <= appendLimit else { throw .anchor("more than one append is torn behind octet \(good)") }
        return (chain, good)
    }

    /// Whether a disk block within the line was never written: zero octets up to a sector's end, or the file's.
    private static func hasHole(_ file: Bytes, _ line: Range<Int>) -> Bool {
        guard let start = file[line].firstIndex(of: 0) else { return false }
        let end = file[start...].firstIndex { $0 != 0 } ?? file.count
        return end == file.count || end.isMultiple(of: 512)
    }

    private mutating func accepts(_ text: Substring, _ tag: Digest32) -> Bool {
        let expected = mac(last.bytes + text.utf8)
        guard expected.bytes.isEqualInConstantTime(to: tag.bytes) else { return false }
        last = expected
        return true
    }

    private static func nextLine(_ file: Bytes, _ at: inout Int) -> Substring? {
        guard at < file.count, let end = file[at...].firstIndex(of: 0x0a), let text = String(validating: file[at..<end], as: UTF8.self)
        else {
            return nil
        }
        at = end + 1
        return Substring(text)
    }

    private static func split(_ line: Substring) -> (Substring, Digest32)? {
        guard let space = line.lastIndex(of: " "), let tag = Digest32(base64: line[line.index(after: space)...]) else { return nil }
        return (line[..<space], tag)
    }
}
