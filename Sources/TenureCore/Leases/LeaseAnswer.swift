/// What a store says to a holder that wants a lease.
package enum LeaseAnswer: Sendable, Hashable {
    /// It has the lease.
    case held(LeaseToken)
    /// It is not to be had now. It runs out in `freeIn` unless renewed, if that is known; so many wait before this
    /// holder.
    case taken(freeIn: Duration?, ahead: Int)
}
