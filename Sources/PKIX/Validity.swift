import Basics

/// From when to when a certificate is valid, both ends included (RFC 5280 §4.1.2.5).
public struct Validity: Hashable, Sendable {
    public let notBefore: UTCTime
    public let notAfter: UTCTime

    public init(notBefore: UTCTime, notAfter: UTCTime) {
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    init(reading reader: inout DERReader) throws(PKIXError) {
        var fields = try reader.sequence()
        notBefore = try Self.time(&fields)
        notAfter = try Self.time(&fields)
        try fields.finish()
        guard notBefore <= notAfter else { throw .invalidTime }
    }

    func write(to writer: inout DERWriter) {
        writer.sequence { writer in
            Self.write(notBefore, to: &writer)
            Self.write(notAfter, to: &writer)
        }
    }

    /// UTCTime until 2049, GeneralizedTime from 2050; seconds always, Z always.
    private static func time(_ reader: inout DERReader) throws(PKIXError) -> UTCTime {
        let isUTC = reader.peek == .utcTime
        let text = try reader.content(isUTC ? .utcTime : .generalizedTime)
        guard text.count == (isUTC ? 13 : 15), text.last == 0x5a, text.dropLast().allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .invalidTime
        }
        let digits = text.dropLast().map { Int($0) - 0x30 }
        let head = digits.count - 10
        var year = digits[..<head].reduce(0) { $0 * 10 + $1 }
        if isUTC { year += year >= 50 ? 1900 : 2000 }
        let rest = stride(from: head, to: digits.count, by: 2).map { digits[$0] * 10 + digits[$0 + 1] }
        guard isUTC || year >= 2050,
            let time = UTCTime(.init(year: year, month: rest[0], day: rest[1], hour: rest[2], minute: rest[3], second: rest[4]))
        else { throw .invalidTime }
        return time
    }

    private static func write(_ time: UTCTime, to writer: inout DERWriter) {
        let at = time.calendar
        let isUTC = (1950..<2050).contains(at.year)
        var text = Bytes()
        text.reserveCapacity(15)
        func append(_ value: Int) {
            text.append(0x30 + UInt8(value / 10))
            text.append(0x30 + UInt8(value % 10))
        }
        if !isUTC { append(at.year / 100) }
        append(at.year % 100)
        append(at.month)
        append(at.day)
        append(at.hour)
        append(at.minute)
        append(at.second)
        text.append(0x5a)
        writer.primitive(isUTC ? .utcTime : .generalizedTime, text)
    }
}
