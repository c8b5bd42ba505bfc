internal import Foundation
internal import Tenure

/// Does what the payload says, so that demonstrations and tests decide how long work takes and how it ends.
///
/// `sleep_ms`: how long (default 0). `fail`: then it fails. `crash`: then it kills the process that runs it.
/// Other payloads count as one without these.
struct SleepSink: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description = "the payload asks for a failure"
    }

    private struct Wish: Decodable {
        var sleepMilliseconds: Int64?
        var fail: Bool?
        var crash: Bool?

        enum CodingKeys: String, CodingKey {
            case fail, crash
            case sleepMilliseconds = "sleep_ms"
        }
    }

    func handle(payload: String, context: RunContext) async throws {
        guard payload.contains("{") else { return }
        let wish: Wish
        do {
            wish = try JSONDecoder().decode(Wish.self, from: Data(payload.utf8))
        } catch DecodingError.typeMismatch(_, let context) where context.codingPath.isEmpty {
            return  // An array or a string: it has no wishes.
        } catch {
            throw PermanentFailure("payload: sleep_ms takes a number; fail and crash take true or false")
        }
        if let milliseconds = wish.sleepMilliseconds, milliseconds > 0 {
            try await Task.sleep(for: .milliseconds(milliseconds))
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
