import Basics
import Custody
import Transparency

/// Where the master key's passphrase comes from; called only when there is a passphrase.
public typealias MasterPassphrase = () throws(Problem) -> Bytes

extension HousePaths {
    /// Opens custody; what `passphrase` throws comes through.
    static func unlock(_ paths: HousePaths, _ passphrase: MasterPassphrase) throws(Problem) -> CustodyDirectory {
        var failure: Problem?
        do {
            return try CustodyDirectory.open(at: paths.custody) { () throws(CustodyError) in
                do throws(Problem) { return try passphrase() } catch {
                    failure = error
                    throw .sealed
                }
            }
        } catch { throw failure ?? error.problem }
    }

    /// Writes the master key's file anew, under a passphrase or plain. The house must not be running.
    /// - Returns: what protects the keys from now on, in words.
    public static func protect(
        _ paths: HousePaths, _ protection: MasterKeyProtection, passphrase: MasterPassphrase, entropy: some Entropy
    ) throws(Problem) -> String {
        let custody = try unlock(paths, passphrase)
        do { try custody.protect(protection, entropy: entropy) } catch { throw error.problem }
        custody.release()
        let said =
            switch protection {
            case .plain: "The master key lies in a plain file of mode 0600: whoever reads it has every key."
            case .passphrase: "The master key is sealed under the new passphrase. Without it nothing of this house can be opened again."
            }
        return said
    }
}
