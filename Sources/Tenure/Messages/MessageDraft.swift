internal import Foundation
internal import TenureCore

/// A message to be scheduled.
public struct MessageDraft: Sendable, Hashable {
    /// Decides about the handler: 1 to 200 printable ASCII characters without spaces.
    public var topic: String
    /// JSON text. Default an empty object.
    public var payload: String
    /// The caller's own name for the message: 1 to 100 letters, digits, dots, underscores and hyphens.
    ///
    /// While a message of this key has not ended (in memory and in Redis: while it is kept), scheduling it again
    /// schedules nothing and returns its token: a call whose outcome is unknown can be repeated.
    public var key: String?
    /// Deliveries and the delays between them. Default: 5, after 250 ms to 60 s.
    public var retry = RetryPolicy()
    /// The longest that one delivery may take. Default: what delivers it decides.
    public var timeout: Duration?

    /// A message with JSON text as its payload.
    public init(topic: String, payload: String = "{}") {
        self.topic = topic
        self.payload = payload
    }

    /// A message whose payload is encoded as JSON.
    ///
    /// - Throws: ``RequestRefused`` when it cannot be encoded.
    public init(topic: String, encoding payload: some Encodable) throws(RequestRefused) {
        do {
            self.init(topic: topic, payload: String(decoding: try JSONEncoder().encode(payload), as: UTF8.self))
        } catch {
            throw RequestRefused(
                message: "the payload of type \(type(of: payload)) cannot be written as JSON",
                hint: "\(error)",
                isNotFound: false
            )
        }
    }
}

/// When a recurring message is due.
public struct MessageRecurrence: Sendable, Hashable {
    /// Five or six fields, or a macro such as `@daily`; with `L`, `W`, `#` and `?`.
    public var cron: String
    /// The IANA name of the zone whose wall clock the expression is about. Default UTC.
    public var timeZone: String
    /// What becomes of local times that the clock skips. Default ``DaylightGap/firstValidInstant``.
    public var daylightGap: DaylightGap = .firstValidInstant
    /// In which pass local times that come twice count. Default ``DaylightOverlap/automatic``.
    public var daylightOverlap: DaylightOverlap = .automatic

    /// A recurrence by the wall clock of a zone.
    public init(cron: String, timeZone: String = "UTC") {
        self.cron = cron
        self.timeZone = timeZone
    }
}

extension MessageDraft {
    /// Refuses what no scheduler could deliver.
    func check() throws(RequestRefused) {
        func require(_ isAllowed: Bool, _ message: String, _ hint: String) throws(RequestRefused) {
            guard isAllowed else { throw RequestRefused(message: message, hint: hint, isNotFound: false) }
        }
        let isPrintable = self.topic.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        try require(
            isPrintable && (1...200).contains(self.topic.utf8.count),
            "'\(self.topic.prefix(40))' is no topic",
            "Use 1 to 200 printable ASCII characters without spaces."
        )
        try require(Self.isJSON(self.payload), "the payload is not JSON", "Encode a value, or give JSON text.")
        try require(
            self.retry.maxAttempts >= 1 && self.retry.baseDelayMilliseconds >= 0
                && self.retry.maxDelayMilliseconds >= self.retry.baseDelayMilliseconds,
            "the retry policy is impossible",
            "Use at least 1 attempt, and delays of at least 0 of which the longest is not below the first."
        )
        try require(
            self.retry.delays == nil && self.retry.retryFor == nil,
            "a message has no retry policy of its own but a first and a longest delay",
            "Use baseDelayMilliseconds and maxDelayMilliseconds, or work of the tenant itself."
        )
        try require(self.timeout ?? .seconds(1) > .zero, "the timeout is not above 0", "Leave it out, or give one.")
        if let key {
            let isName = key.utf8.allSatisfy { byte in
                Self.keyBytes.contains(byte)
            }
            try require(
                isName && (1...100).contains(key.utf8.count),
                "'\(key.prefix(40))' is no key of a message",
                "Use 1 to 100 letters, digits, dots, underscores and hyphens."
            )
        }
    }

    private static let keyBytes = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-".utf8
    )

    private static func isJSON(_ text: String) -> Bool {
        // Why it does not parse does not matter.
        (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) != nil
    }
}

extension MessageRecurrence {
    /// The instants that it selects.
    ///
    /// - Throws: ``RequestRefused`` that names the faulty field, or the zone.
    func timetable() throws(RequestRefused) -> JobTimetable {
        do {
            return try JobTimetable(
                .cron(self.cron),
                timeZone: self.timeZone,
                daylight: DaylightPolicy(gap: self.daylightGap.rawValue, overlap: self.daylightOverlap.rawValue),
                job: "message"
            )
        } catch {
            throw RequestRefused(message: error.reason, hint: nil, isNotFound: false)
        }
    }
}
