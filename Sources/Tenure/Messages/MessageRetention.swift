/// How long ended messages are kept.
public struct MessageRetention: Sendable, Hashable {
    /// Delivered and cancelled messages. Default 1 day.
    public var delivered: Duration = .seconds(86_400)
    /// Failed messages. Default 30 days.
    public var failed: Duration = .seconds(30 * 86_400)

    /// All defaults.
    public init() {}

    func duration(for state: MessageState) -> Duration {
        switch state {
        case .failed: self.failed
        case .pending, .delivering, .delivered, .cancelled: self.delivered
        }
    }
}
