import Basics
import Foundation
import Glibc
import Testing

/// What a seed decides, so that an image can be made again; without one nothing is lost.
struct Chance {
    private var state: UInt64?

    static let nothingLost = Chance(state: nil)

    init(seed: UInt64) { state = seed }

    private init(state: UInt64?) { self.state = state }

    /// From 0 to `limit`; `limit` without a seed.
    mutating func number(to limit: Int) -> Int {
        guard let state else { return limit }
        // SplitMix64.
        let next = state &+ 0x9e37_79b9_7f4a_7c15
        self.state = next
        var mixed = (next ^ (next >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ (mixed >> 31)) % UInt64(limit + 1))
    }

    mutating func happens() -> Bool { number(to: 1) == 1 }
}

extension DiskRecording {
    /// How much of what was not flushed has reached the disk, for each file on its own.
    private enum Luck: Int { case nothing, beginning, sectors, everything }

    private static let sector = 512

    /// A moment for the cut: half of the time any, half of the time around a flush or a change of names.
    func cut(_ chance: inout Chance) -> UInt64 {
        guard chance.happens() else { return UInt64(1 + chance.number(to: Int(last) - 1)) }
        let flushes = files.flatMap(\.flushes) + directories.values.flatMap(\.flushes)
        let moments = (flushes.map(\.end) + directories.values.flatMap { $0.changes.map(\.number) }).sorted()
        return max(1, moments[chance.number(to: moments.count - 1)] - UInt64(chance.number(to: 1)))
    }

    /// Writes the directory as a cut of the power right after record `cut` could have left it: everything that was flushed by then, and by
    /// luck some of the rest. A write is torn between sectors, and a later one may be there without an earlier one, but for changes of
    /// names in one directory, which a journal keeps in order. SQLite's index in shared memory is never flushed, and is left out.
    func write(at cut: UInt64, to root: String, chance: inout Chance) throws {
        for (path, directory) in directories.sorted(by: { $0.key < $1.key }) {
            let place = path.isEmpty ? root : root + "/" + path
            guard mkdir(place, 0o700) == 0 else { throw Unreadable(what: "mkdir \(place): \(errno)") }
            for (name, file) in names(of: directory, at: cut, &chance).sorted(by: { $0.key < $1.key }) where !name.hasSuffix("-shm") {
                try write(files[file], at: cut, to: place + "/" + name, &chance)
            }
        }
    }

    private func names(of directory: Directory, at cut: UInt64, _ chance: inout Chance) -> [String: Int] {
        let durable = Self.durable(directory.flushes, at: cut)
        let pending = directory.changes.filter { $0.number > durable && $0.number <= cut }
        let lucky = chance.number(to: pending.count)
        var names = directory.base
        for change in directory.changes.filter({ $0.number <= durable }) + pending.prefix(lucky) {
            switch change.value {
            case .put(let name, let file): names[name] = file
            case .remove(let name): names[name] = nil
            case .rename(let name, let new): names[new] = names.removeValue(forKey: name)
            }
        }
        return names
    }

    /// Up to which number the effects are durable.
    private static func durable(_ flushes: [Flush], at cut: UInt64) -> UInt64 {
        flushes.lazy.filter { $0.end <= cut }.map(\.through).max() ?? 0
    }

    private func write(_ file: File, at cut: UInt64, to path: String, _ chance: inout Chance) throws {
        let disk = open(path, O_CREAT | O_EXCL | O_RDWR, 0o600)
        guard disk >= 0 else { throw Unreadable(what: "open \(path): \(errno)") }
        defer { close(disk) }
        try put(file.base, at: 0, disk)
        let durable = Self.durable(file.flushes, at: cut)
        var pending: [Effect] = []
        for effect in file.effects where effect.number <= cut {
            if effect.number <= durable { try apply(effect.value, disk) } else { pending.append(effect.value) }
        }
        guard !pending.isEmpty else { return }
        switch Luck(rawValue: chance.number(to: 3)) ?? .everything {
        case .nothing: break
        case .everything: for effect in pending { try apply(effect, disk) }
        case .beginning:
            let whole = chance.number(to: pending.count - 1)
            for effect in pending.prefix(whole) { try apply(effect, disk) }
            if case .write(let offset, let data) = pending[whole] {
                let pieces = Self.pieces(offset, data)
                for (offset, data) in pieces.prefix(chance.number(to: pieces.count)) { try put(data, at: offset, disk) }
            }
        case .sectors:
            for effect in pending {
                switch effect {
                case .truncate: if chance.happens() { try apply(effect, disk) }
                case .write(let offset, let data):
                    for (offset, data) in Self.pieces(offset, data) where chance.happens() { try put(data, at: offset, disk) }
                }
            }
            try lengthen(disk, to: pending, &chance)
        }
    }

    /// The new length may be known before what stands there.
    private func lengthen(_ disk: Int32, to pending: [Effect], _ chance: inout Chance) throws {
        var end = 0
        for case .write(let offset, let data) in pending { end = max(end, offset + data.count) }
        var status = stat()
        guard fstat(disk, &status) == 0 else { throw Unreadable(what: "fstat: \(errno)") }
        if end > status.st_size, chance.happens() { try apply(.truncate(length: end), disk) }
    }

    /// A write, cut where sectors begin.
    private static func pieces(_ offset: Int, _ data: Data) -> [(Int, Data)] {
        var pieces: [(Int, Data)] = []
        var at = 0
        while at < data.count {
            let end = min(data.count, at + sector - (offset + at) % sector)
            pieces.append((offset + at, data.subdata(in: at..<end)))
            at = end
        }
        return pieces
    }

    private func apply(_ effect: Effect, _ disk: Int32) throws {
        switch effect {
        case .write(let offset, let data): try put(data, at: offset, disk)
        case .truncate(let length): guard ftruncate(disk, length) == 0 else { throw Unreadable(what: "ftruncate: \(errno)") }
        }
    }

    private func put(_ data: Data, at offset: Int, _ disk: Int32) throws {
        guard !data.isEmpty else { return }
        guard data.withUnsafeBytes({ pwrite(disk, $0.baseAddress, $0.count, offset) }) == data.count else {
            throw Unreadable(what: "pwrite: \(errno)")
        }
    }
}
