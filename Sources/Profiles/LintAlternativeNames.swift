import Basics
import PKIX

extension LintRule {
    /// subjectAltName (RFC 5280 §4.2.1.6, RFC 9525, RFC 9549, RFC 4108 §5).
    static let alternativeNames: [LintRule] = [
        LintRule("san.form", .error) { view in
            for name in view.names ?? [] {
                if let wrong = formError(name) { return wrong }
            }
            return nil
        },
        LintRule("san.wildcard", .error) { view in
            for case .dns(let host) in view.names ?? [] where host.contains("*") {
                guard host.utf8.starts(with: "*.".utf8), !host.dropFirst(2).contains("*"), host.dropFirst(2).contains(".") else {
                    return "\(host.escaped): a wildcard is the whole left-most label of a name of at least three labels."
                }
            }
            return nil
        },
        LintRule("san.duplicate", .note) { view in
            guard let names = view.names, Set(names).count < names.count else { return nil }
            return "A name stands in subjectAltName twice."
        },
        LintRule("san.noncritical", .warning) { view in
            !view.hasEmptySubject && view[.subjectAlternativeName]?.isCritical == true
                ? "Beside a subject, subjectAltName should not be critical." : nil
        },
    ]

    private static func formError(_ name: GeneralName) -> String? {
        switch name {
        case .dns(let host):
            return HostName.isValid(host, wildcard: true)
                ? nil : "\(host.escaped) is no host name (letters, digits, hyphens; labels of 1 to 63)."
        case .email(let address):
            let parts = address.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, let local = parts.first, !local.isEmpty, local.utf8.count <= 64,
                local.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !"()<>[]:;,\\\"".utf8.contains($0) }),
                let host = parts.last, HostName.isValid(String(host), wildcard: false)
            else { return "\(address.escaped) is no mailbox: local@host." }
            return nil
        case .uri(let uri):
            return isURI(uri) ? nil : "\(uri.escaped) is no absolute URI (scheme, colon, something after it)."
        case .ip(let octets):
            let isMapped = octets.count == 16 && octets.starts(with: Bytes(repeating: 0, count: 10) + [0xff, 0xff])
            return (octets.count == 4 || octets.count == 16) && !isMapped ? nil : "An address has 4 or 16 octets and is not IPv4-mapped."
        default: return nil
        }
    }

    /// RFC 3986 §4.3, without a fragment's or query's finer rules: scheme, then unreserved, reserved and escaped characters; a host
    /// after `//`.
    private static func isURI(_ uri: String) -> Bool {
        guard let colon = uri.utf8.firstIndex(of: 0x3a) else { return false }
        let scheme = uri.utf8[..<colon]
        let rest = uri.utf8[uri.utf8.index(after: colon)...]
        guard let first = scheme.first, isLetter(first), scheme.allSatisfy({ isLetter($0) || isDigit($0) || "+-.".utf8.contains($0) }),
            !rest.isEmpty
        else { return false }
        var escape = 0
        for octet in rest {
            if escape > 0 {
                guard isDigit(octet) || (0x41...0x46).contains(octet) || (0x61...0x66).contains(octet) else { return false }
                escape -= 1
            } else if octet == 0x25 {
                escape = 2
            } else {
                guard isLetter(octet) || isDigit(octet) || "-._~:/?#[]@!$&'()*+,;=".utf8.contains(octet) else { return false }
            }
        }
        guard escape == 0 else { return false }
        guard rest.starts(with: "//".utf8) else { return true }
        let authority = rest.dropFirst(2).prefix { !"/?#".utf8.contains($0) }
        return !authority.isEmpty
    }

    private static func isLetter(_ octet: UInt8) -> Bool { (0x41...0x5a).contains(octet) || (0x61...0x7a).contains(octet) }
    private static func isDigit(_ octet: UInt8) -> Bool { (0x30...0x39).contains(octet) }
}

/// Host names as dNSName has them: A-labels of letters, digits and hyphens (RFC 1034 §3.5, RFC 9549).
enum HostName {
    static func isValid(_ host: String, wildcard: Bool) -> Bool {
        guard (1...253).contains(host.utf8.count) else { return false }
        var labels = host.split(separator: ".", omittingEmptySubsequences: false)
        if wildcard, labels.first == "*" { labels.removeFirst() }
        return !labels.isEmpty && labels.allSatisfy(isLabel)
    }

    private static func isLabel(_ label: Substring) -> Bool {
        guard (1...63).contains(label.utf8.count), label.utf8.first != 0x2d, label.utf8.last != 0x2d else { return false }
        return label.utf8.allSatisfy {
            (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d
        }
    }
}
