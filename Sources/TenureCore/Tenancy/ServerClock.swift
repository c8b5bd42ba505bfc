/// Estimates a server's clock between two of its replies.
///
/// The estimate is never ahead of the server by more than the drift since the last reply: it counts from the moment the
/// reply arrived, by which time the server's clock had moved on.
package struct ServerClock: Sendable, Equatable {
    private var sample: ServerTime
    private var receivedAt: MonotonicInstant

    /// Starts from a first reply.
    package init(_ sample: ServerTime, receivedAt: MonotonicInstant) {
        self.sample = sample
        self.receivedAt = receivedAt
    }

    /// The server's time now, or a little earlier.
    package func now(at instant: MonotonicInstant) -> ServerTime {
        self.sample.advanced(by: self.receivedAt.duration(to: instant))
    }

    /// When the server's clock will have reached an instant.
    package func instant(of time: ServerTime) -> MonotonicInstant {
        self.receivedAt.advanced(by: self.sample.duration(to: time))
    }
}
