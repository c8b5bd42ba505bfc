internal import Dispatch
internal import Synchronization

/// Writes lines to standard output from a thread of its own, so that a reader who does not read stops nobody but it.
final class LinePrinter: Sendable {
    /// Lines that may wait to be written; further ones are dropped, and counted.
    private static let bound = 100_000

    private struct State {
        var waiting = 0
        var dropped = 0
    }

    private let queue = DispatchQueue(label: "tenure.lines")
    private let state = Mutex(State())

    /// Writes a line when its turn comes.
    func write(_ line: String) {
        let isAccepted = self.state.withLock { state in
            guard state.waiting < Self.bound else {
                state.dropped += 1
                return false
            }
            state.waiting += 1
            return true
        }
        guard isAccepted else { return }
        self.queue.async {
            StandardStreams.write(line)
            let dropped = self.state.withLock { state in
                state.waiting -= 1
                defer { state.dropped = 0 }
                return state.dropped
            }
            if dropped > 0 {
                StandardStreams.writeError("warning: \(dropped) events were not printed: nobody reads them")
            }
        }
    }

    /// Waits until everything is written.
    func flush() async {
        await withCheckedContinuation { continuation in
            self.queue.async { continuation.resume() }
        }
    }
}
