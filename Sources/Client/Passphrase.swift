import Basics
import Glibc

/// Where a passphrase comes from: a file, or the person at the terminal. Never an argument or the value of a variable, which
/// other programs of the machine can see.
public struct PassphraseSource: Sendable {
    /// Octets of a passphrase: at least 8 when it is made, at most 1024.
    public static let fewest = 8
    public static let most = 1024

    private let file: String?
    private let ask: @Sendable (String) throws(Problem) -> Bytes

    /// - Parameters:
    ///   - file: its first line is the passphrase; nil: ask.
    ///   - ask: shows a question, reads an answer without echo.
    public init(file: String?, ask: @escaping @Sendable (String) throws(Problem) -> Bytes = Terminal.secret) {
        self.file = file
        self.ask = ask
    }

    /// The passphrase of keys that exist.
    public func passphrase(for handle: Handle) throws(Problem) -> Bytes { try passphrase(asking: "Passphrase of \(handle)'s keys: ") }

    /// A passphrase that exists.
    public func passphrase(asking question: String) throws(Problem) -> Bytes {
        if let file { return try fromFile(file) }
        return try ask(question)
    }

    /// A passphrase for keys that are being made, asked for twice.
    public func newPassphrase(for handle: Handle) throws(Problem) -> Bytes {
        try newPassphrase(asking: "New passphrase for \(handle)'s keys: ")
    }

    /// A passphrase that is to be, asked for twice.
    public func newPassphrase(asking question: String) throws(Problem) -> Bytes {
        let passphrase: Bytes
        if let file {
            passphrase = try fromFile(file)
        } else {
            passphrase = try ask(question)
            guard try ask("The same again: ") == passphrase else {
                throw Problem(
                    .invalid, "client.passphrase-differs", title: "The passphrases differ", detail: "Nothing was made. Try again.")
            }
        }
        guard (Self.fewest...Self.most).contains(passphrase.count) else {
            throw Problem(
                .invalid, "client.passphrase-length", title: "The passphrase is too short or too long",
                detail:
                    "It has \(passphrase.count) octets. From \(Self.fewest) to \(Self.most) octets are accepted; four random words are good."
            )
        }
        return passphrase
    }

    private func fromFile(_ path: String) throws(Problem) -> Bytes {
        guard let content = try LocalFiles.readIfThere(path, limit: Self.most + 2, isPrivate: true) else { throw .file(path, ENOENT) }
        return Bytes(content.prefix { $0 != 0x0a && $0 != 0x0d })
    }
}

/// The person's terminal, wherever input and output are redirected to.
public enum Terminal {
    /// Columns of the terminal on standard output; nil where there is none, as in a pipe.
    public static var width: Int? {
        var size = winsize()
        guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Shows a question and reads a line that is not shown.
    public static func secret(_ question: String) throws(Problem) -> Bytes {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else {
            throw Problem(
                .invalid, "client.no-terminal", title: "There is no terminal to ask for the passphrase",
                detail: "Name a file that holds it: --passphrase-file FILE, or ASSAY_PASSPHRASE_FILE.")
        }
        defer { close(terminal) }
        var before = termios()
        guard tcgetattr(terminal, &before) == 0 else { throw .file("/dev/tty", errno) }
        var quiet = before
        // Keys are taken one by one, so that ctrl-c cannot leave the terminal without its echo.
        quiet.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        guard tcsetattr(terminal, TCSAFLUSH, &quiet) == 0 else { throw .file("/dev/tty", errno) }
        defer { tcsetattr(terminal, TCSAFLUSH, &before) }
        show(question, on: terminal)
        defer { show("\n", on: terminal) }
        var line: Bytes = []
        var key: Bytes = [0]
        while line.count <= PassphraseSource.most {
            guard Glibc.read(terminal, &key, 1) == 1 else { throw cancelled }
            switch key[0] {
            case 0x0a, 0x0d: return line
            case 0x03, 0x1a: throw cancelled
            case 0x04 where line.isEmpty: throw cancelled
            case 0x08, 0x7f:
                while let last = line.popLast(), last & 0xc0 == 0x80 {}
            case 0x15: line = []
            default: line.append(key[0])
            }
        }
        return line
    }

    /// Asks a question whose answer is yes or no; anything but yes is no.
    /// - Returns: nil when there is no terminal.
    public static func confirm(_ question: String) -> Bool? {
        guard isatty(STDIN_FILENO) == 1 else { return nil }
        show(question + " [y/N] ", on: STDERR_FILENO)
        guard let answer = readLine() else { return false }
        return ["y", "yes"].contains(answer.lowercased())
    }

    private static func show(_ text: String, on file: Int32) {
        let octets = Bytes(text.utf8)
        _ = Glibc.write(file, octets, octets.count)
    }

    private static let cancelled = Problem(
        .invalid, "client.cancelled", title: "Cancelled", detail: "No passphrase was given; nothing was done.")
}
