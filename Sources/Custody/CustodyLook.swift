import Approval
import Basics

/// What can be seen of a custody without its lock, its passphrase, a token or a key: for `assay doctor`, also while a node runs on it.
public struct CustodyLook: Hashable, Sendable {
    /// How the master key lies.
    public let master: MasterKeyKind
    /// The newest head's time that the anchor has. Who may write the file could have written it: nothing is decided by it.
    public let newest: UTCTime?
    /// Whether the last line says that the node was stopped in order.
    public let isStopped: Bool
    /// The tokens that the settings name.
    public let tokens: [TokenSettings]

    /// - Throws: ``CustodyError`` when directory or files are missing, foreign, or open to others.
    public init(at path: String) throws(CustodyError) {
        let files = PrivateFiles(directory: path)
        master = try MasterKeyKind(custody: path)
        tokens = try TokenFile(custody: path).read()
        let lines = String(decoding: try files.read(AnchorFile.fileName, limit: 1 << 30), as: UTF8.self).split(separator: "\n")
        // Behind each line stands its authentication code.
        let said = lines.reversed().lazy.compactMap { line in line.lastIndex(of: " ").flatMap { AnchorLine(line[..<$0]) } }
        isStopped = said.first == .stop
        newest = said.lazy.compactMap { line -> UTCTime? in if case .head(_, _, let time) = line { time } else { nil } }.first
    }
}
