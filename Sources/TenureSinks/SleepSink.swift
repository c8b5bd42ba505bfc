internal import Foundation
internal import Tenure

/// Does what the payload says, so that demonstrations and tests decide how long work takes and how it ends.
///
/// `snooze_until`: before that instant, in seconds since 1970, it asks to be run again then. `sleep_ms`: how long
/// (default 0). `block_ms`: how long it keeps a thread of the pool, as no handler should. `fail`: then it fails.
/// `crash`: then it kills the process that runs it.
/// Other payloads count as one without these.
struct SleepSink: Sendable {
    private static let blockMillisecondsMax: Int64 = 600_000

    struct Failure: Error, CustomStringConvertible {
        let description = "the payload asks for a failure"
    }

    /// Whoever wants to sleep for longer is asked again after a day.
    private static let snoozeSecondsMax: Double = 86_400

    private struct Wish: Decodable {
        var snoozeUntil: Double?
        var sleepMilliseconds: Int64?
        var blockMilliseconds: Int64?
        var fail: Bool?
        var crash: Bool?

        enum CodingKeys: String, CodingKey {
            case fail, crash
            case sleepMilliseconds = "sleep_ms"
            case blockMilliseconds = "block_ms"
            case snoozeUntil = "snooze_until"
        }
    }

    /// Keeps the present thread, which is the point here: what a handler does that waits by a blocking call.
    private static func blockThread(for milliseconds: Int64) {
        usleep(UInt32(milliseconds * 1000))
    }

    func handle(payload: String, context: RunContext) async throws {
        guard payload.contains("{") else { return }
        let wish: Wish
        do {
            wish = try JSONDecoder().decode(Wish.self, from: Data(payload.utf8))
        } catch DecodingError.typeMismatch(_, let context) where context.codingPath.isEmpty {
            return  // An array or a string: it has no wishes.
        } catch {
            throw PermanentFailure(
                "payload: sleep_ms, block_ms and snooze_until take a number; fail and crash take true or false"
            )
        }
        if let until = wish.snoozeUntil {
            let seconds = until - Date().timeIntervalSince1970
            if seconds > 0 { throw Snooze(for: .seconds(min(seconds, Self.snoozeSecondsMax))) }
        }
        if let milliseconds = wish.sleepMilliseconds, milliseconds > 0 {
            try await Task.sleep(for: .milliseconds(milliseconds))
        }
        if let milliseconds = wish.blockMilliseconds, milliseconds > 0 {
            Self.blockThread(for: min(milliseconds, Self.blockMillisecondsMax))
        }
        if wish.crash == true {
            // What a crash leaves behind, nothing can tidy up: so the signal that nobody can catch.
            kill(getpid(), SIGKILL)
        }
        if wish.fail == true {
            throw Failure()
        }
    }
}
