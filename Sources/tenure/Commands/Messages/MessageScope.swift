internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// Where the messages lie that a command is about.
struct MessageScope: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The tenant whose Postgres they lie in; ID=URL for one that no registry or settings file knows. Default: "
                + "they lie in Redis.",
            valueName: "id"
        )
    )
    var tenant: String?

    /// Gives the scheduler to a body.
    func withScheduler<Value>(
        _ global: GlobalOptions,
        _ body: (any MessageScheduler) async throws -> Value
    ) async throws -> Value {
        guard let tenant else { return try await self.withRedis(global, body) }
        var scope = TenantScope()
        scope.tenant = tenant
        return try await scope.withClient(global) { client in try await body(TenantMessageScheduler(client)) }
    }

    private func withRedis<Value>(
        _ global: GlobalOptions,
        _ body: (any MessageScheduler) async throws -> Value
    ) async throws -> Value {
        let settings = try global.settings()
        let scheduler = try RedisMessageScheduler(
            redisURL: settings.redis,
            cluster: settings.cluster,
            keyPrefix: settings.keyPrefix
        )
        do {
            let value = try await body(scheduler)
            await scheduler.close()
            return value
        } catch {
            await scheduler.close()
            guard let error = error as? CoordinationError, error.code == .unavailable else { throw error }
            throw Failure(redisUnreachable: error.detail ?? "\(error)", settings)
        }
    }
}

/// What is said about a message that is scheduled, once or by cron.
struct MessageArguments: ParsableArguments {
    @OptionGroup var payload: PayloadArgument

    @Option(help: "The topic, which decides about the handler.")
    var topic: String

    @Option(help: ArgumentHelp("While a message of this key is there, no other is scheduled.", valueName: "key"))
    var key: String?

    @Option(help: ArgumentHelp("Deliveries in all.", valueName: "n"))
    var maxAttempts = 5

    @Option(
        help: ArgumentHelp(
            "The delay after the first failure; it doubles with each further one.",
            valueName: "duration"
        )
    )
    var backoffBase = DurationArgument(.milliseconds(250))

    @Option(help: ArgumentHelp("The longest delay between deliveries.", valueName: "duration"))
    var backoffMax = DurationArgument(.seconds(60))

    @Option(
        help: ArgumentHelp("How long one delivery may take. Default: what delivers it says.", valueName: "duration")
    )
    var timeout: DurationArgument?

    /// The message.
    func draft() throws -> MessageDraft {
        var draft = MessageDraft(topic: self.topic, payload: try self.payload.json())
        draft.key = self.key
        draft.retry = RetryPolicy(
            maxAttempts: self.maxAttempts,
            baseDelayMilliseconds: self.backoffBase.duration.milliseconds,
            maxDelayMilliseconds: self.backoffMax.duration.milliseconds
        )
        draft.timeout = self.timeout?.duration
        return draft
    }
}
