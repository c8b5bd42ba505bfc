/// A lease or a permit that is held.
public struct LeaseInfo: Sendable, Hashable {
    /// What is held.
    public enum Kind: String, Sendable, Hashable {
        /// A lease: one holder at a time.
        case lease
        /// One of a semaphore's permits.
        case permit
    }

    /// What is held.
    public var kind: Kind
    /// The name of the lease or the semaphore.
    public var name: String
    /// Under which token.
    public var token: LeaseToken
    /// By whom.
    public var holder: String
    /// Since when, by the database's clock.
    public var acquiredAt: ServerTime
    /// Until when unless renewed, by the database's clock.
    public var expiresAt: ServerTime
    /// How many permits there are, as the last caller said; `nil` for a lease.
    public var limit: Int?
    /// How many wait for one of this name.
    public var waiting: Int

    package init(
        kind: Kind,
        name: String,
        token: LeaseToken,
        holder: String,
        acquiredAt: ServerTime,
        expiresAt: ServerTime,
        limit: Int?,
        waiting: Int
    ) {
        self.kind = kind
        self.name = name
        self.token = token
        self.holder = holder
        self.acquiredAt = acquiredAt
        self.expiresAt = expiresAt
        self.limit = limit
        self.waiting = waiting
    }
}
