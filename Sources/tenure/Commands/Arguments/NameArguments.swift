public import ArgumentParser
public import Tenure
public import TenureCore

// What the library calls by a type of its own, the command line takes as a word.
extension NodeID: ExpressibleByArgument {
    /// A node's name, if it is a valid one.
    public init?(argument: String) {
        // The parser of arguments has a message of its own.
        guard let id = try? NodeID(argument) else { return nil }
        self = id
    }
}

extension TenantID: ExpressibleByArgument {
    /// A tenant's name, if it is a valid one.
    public init?(argument: String) {
        // The parser of arguments has a message of its own.
        guard let id = try? TenantID(argument) else { return nil }
        self = id
    }
}

extension WorkID: ExpressibleByArgument {
    /// The number of work, if it is one.
    public init?(argument: String) {
        guard let number = Int64(argument) else { return nil }
        self.init(number)
    }
}

extension RetryDelays: ExpressibleByArgument {
    /// A policy, if it is one.
    public init?(argument: String) {
        self.init(argument)
    }
}

extension LimitRate: ExpressibleByArgument {
    /// A rate, if it is one.
    public init?(argument: String) {
        self.init(argument)
    }
}

extension UniqueConflict: ExpressibleByArgument {}
extension UniqueStates: ExpressibleByArgument {}
extension GroupID: ExpressibleByArgument {
    /// The number of a group, if it is one.
    public init?(argument: String) {
        guard let number = Int64(argument) else { return nil }
        self.init(number)
    }
}

extension ChangedMessage: ExpressibleByArgument {}
extension MisfirePolicy: ExpressibleByArgument {}
extension JobOverlap: ExpressibleByArgument {}
extension DaylightGap: ExpressibleByArgument {}
extension DaylightOverlap: ExpressibleByArgument {}
