/// A serial executor with timers: what an actor needs that acts at instants and not only when it is called.
///
/// ``IOReactor`` is the one of production; a simulation has another, whose time it moves itself.
package protocol DeadlineExecutor: SerialExecutor {
    /// Runs a body on the executor once an instant has come. Called on the executor.
    func schedule(at instant: ContinuousClock.Instant, _ body: @escaping () -> Void) -> DeadlineID

    /// Forgets a deadline. One that has fired is ignored. Called on the executor.
    func cancel(_ id: DeadlineID)
}

extension IOReactor: DeadlineExecutor {}
