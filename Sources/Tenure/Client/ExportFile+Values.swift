internal import Cron
internal import Foundation
internal import TenureCore

/// Instants in files: ISO 8601 in UTC, to the microsecond.
enum ExportedTime {
    static func text(_ time: ServerTime) -> String {
        let digits = String(time.microseconds - time.microseconds.flooredToMillisecond)
        let whole = UTCTimestamp.text(microseconds: time.microseconds.flooredToMillisecond).dropLast()
        return whole + String(repeating: "0", count: 3 - digits.count) + digits + "Z"
    }
}

extension Int64 {
    fileprivate var flooredToMillisecond: Int64 {
        let remainder = self % 1_000
        return self - (remainder < 0 ? remainder + 1_000 : remainder)
    }
}

extension Decoder {
    /// Refuses an object with a key that nothing is made of: a mistyped one would be ignored.
    func refuseKeys<Key: CodingKey & CaseIterable>(besides keys: Key.Type) throws {
        let known = Set(Key.allCases.map(\.stringValue))
        let present = try self.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        guard let unknown = present.filter({ !known.contains($0) }).min() else { return }
        let context = DecodingError.Context(
            codingPath: self.codingPath + [AnyKey(stringValue: unknown)],
            debugDescription: "the key is not known"
        )
        throw DecodingError.dataCorrupted(context)
    }
}

private struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) {
        nil
    }
}

extension KeyedDecodingContainer {
    /// One of the words of an enumeration.
    func word<Word>(_ key: Key) throws -> Word?
    where Word: RawRepresentable & CaseIterable, Word.RawValue == String {
        guard let text = try self.decodeIfPresent(String.self, forKey: key) else { return nil }
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            let reason = "'\(text)' is none of \(words)"
            throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: reason)
        }
        return word
    }

    /// An instant.
    func time(_ key: Key) throws -> ServerTime? {
        guard let text = try self.decodeIfPresent(String.self, forKey: key) else { return nil }
        do {
            let date = try ISO8601.date(from: text, in: .gmt)
            return ServerTime(microseconds: Int64((date.timeIntervalSince1970 * 1_000_000).rounded()))
        } catch {
            let reason = "'\(text)' is no instant such as 2026-01-31T03:00:00Z"
            throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: reason)
        }
    }
}

extension RetryPolicy {
    /// A policy of five keys, each of which may be missing.
    init<Key>(
        _ values: KeyedDecodingContainer<Key>,
        _ attempts: Key,
        _ base: Key,
        _ longest: Key,
        _ delays: Key,
        _ time: Key
    ) throws {
        self.init()
        self.maxAttempts = try values.decodeIfPresent(Int.self, forKey: attempts) ?? self.maxAttempts
        self.baseDelayMilliseconds =
            try values.decodeIfPresent(Int64.self, forKey: base) ?? self.baseDelayMilliseconds
        self.maxDelayMilliseconds =
            try values.decodeIfPresent(Int64.self, forKey: longest) ?? self.maxDelayMilliseconds
        self.delays = try values.decodeIfPresent(RetryDelays.self, forKey: delays)
        self.retryFor = try values.decodeIfPresent(Int64.self, forKey: time).map { .milliseconds($0) }
    }
}
