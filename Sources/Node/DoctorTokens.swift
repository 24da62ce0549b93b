import Custody
import Foundation

extension Doctor {
    /// The first token that the next start could not use: its module or its PIN's file is not as it has to be. No PIN is read.
    func tokens(_ tokens: [TokenSettings]) -> Finding? {
        for token in tokens {
            if !FileManager.default.isReadableFile(atPath: token.module) {
                return Finding(
                    "custody", .fail, "The module of the custody \(token.name), \(token.module.escaped), cannot be read.",
                    "Install it again, or take the token out of the settings:",
                    command: "assay custody remove \(token.name) --data \(place)")
            }
            guard case .file(let path) = token.pin else { continue }
            let name = "The PIN of the custody \(token.name)"
            var status = stat()
            guard stat(path, &status) == 0, access(path, R_OK) == 0 else {
                let reason = String(cString: strerror(errno))
                return Finding(
                    "custody", .fail, "\(name) cannot be read: \(path.escaped): \(reason.lowercased()).",
                    "Put it back, for this user alone: the house does not start without it.")
            }
            if status.st_mode & 0o077 != 0 {
                return Finding(
                    "custody", .fail,
                    "\(name) lies open to others: \(path.escaped) has mode \(String(status.st_mode & 0o777, radix: 8)) instead of 600.",
                    "Ask who could have read it, and change the PIN in the token. Close the file: the house does not start before.",
                    command: "chmod 600 \(quoted(path))")
            }
        }
        return nil
    }
}
