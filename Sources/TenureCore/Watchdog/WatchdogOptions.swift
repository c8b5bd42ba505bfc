/// When the cluster speaks up about what takes too long.
public struct WatchdogOptions: Sendable, Hashable {
    /// How late ready work of a tenant may be. Default 30 s.
    public var overdue: Duration = .seconds(30)
    /// How long a handler may go on after its time was over. Default 30 s.
    public var stuck: Duration = .seconds(30)
    /// How long a tenant may be without an owner. Default 10 s.
    public var unowned: Duration = .seconds(10)
    /// How long the same is not said again, while it lasts or when it comes back. Default 5 minutes.
    public var cooldown: Duration = .seconds(300)

    /// All defaults.
    public init() {}

    /// What is impossible in these options, one sentence each; empty when they can be used.
    public func problems() -> [String] {
        [
            ("overdue", self.overdue), ("stuck", self.stuck), ("unowned", self.unowned), ("cooldown", self.cooldown),
        ]
        .filter { $0.1 <= .zero }
        .map { "watchdog.\($0.0) must be longer than nothing" }
    }
}
