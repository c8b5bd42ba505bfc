public import Tenure

/// One line of the rules that say what a stand-alone node does with a topic.
public struct TopicRule: Sendable, Hashable {
    /// What becomes of work whose topic matches.
    public enum Sink: Sendable, Hashable {
        /// Writes a line to the log and is done.
        case log
        /// Takes as long, and ends, as the payload says: for demonstrations and tests.
        case sleep
        /// Runs a command, with the payload on its standard input; its exit status decides.
        case exec(ExecSink)
        /// Calls a function in the tenant's database, exactly once.
        case sql(SQLSink)
    }

    /// A topic, or a prefix followed by `*`.
    public var pattern: String
    /// What becomes of work whose topic matches.
    public var sink: Sink
    /// Runs in progress at once, of each tenant that the node owns; of all topics that the pattern matches together.
    public var maxRunning: Int?
    /// Starts in a time, counted likewise.
    public var rate: LimitRate?
    /// Starts at once after a pause. Default: those of one interval.
    public var burst: Int?

    /// Sends topics to a sink.
    public init(_ pattern: String, to sink: Sink) {
        self.pattern = pattern
        self.sink = sink
    }

    /// What it limits, if it limits something.
    public var limit: LimitDefinition? {
        guard self.maxRunning != nil || self.rate != nil else { return nil }
        return LimitDefinition(
            name: "settings:\(self.pattern)",
            topic: self.pattern,
            maxRunning: self.maxRunning,
            rate: self.rate,
            burst: self.burst
        )
    }
}

extension Handlers {
    /// Handlers that follow rules, the first match first. What no rule matches goes to the log.
    public init(rules: [TopicRule]) {
        self.init()
        for rule in rules + [TopicRule("*", to: .log)] {
            switch rule.sink {
            case .log: self.onRaw(rule.pattern, perform: LogSink().handle)
            case .sleep: self.onRaw(rule.pattern, perform: SleepSink().handle)
            case .exec(let exec): self.onRaw(rule.pattern, perform: exec.handle)
            case .sql(let sql):
                self.onRawTransaction(rule.pattern, idleLimit: SQLSink.idleLimit, perform: sql.handle)
            }
        }
    }
}
