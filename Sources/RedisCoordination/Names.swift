internal import TenureCore

/// Reads names and tokens out of Redis leniently: what somebody else wrote there harms its own entry only.
enum Names {
    /// A node's name; `nil` when it is not one.
    static func node(_ text: String?) -> NodeID? {
        // An invalid name is an entry that is not ours: it is left out, which is all that can be done about it.
        text.flatMap { try? NodeID($0) }
    }

    /// A tenant's name; `nil` when it is not one.
    static func tenant(_ text: String?) -> TenantID? {
        // As above.
        text.flatMap { try? TenantID($0) }
    }

    /// `node/incarnation/number`, as leaderships and locks are kept; `nil` when it is something else.
    static func holding(_ text: String?) -> (holder: Holder, number: Int64)? {
        guard let parts = text?.split(separator: "/", omittingEmptySubsequences: false), parts.count == 3,
            let node = Self.node(String(parts[0])), !parts[1].isEmpty, let number = Int64(parts[2])
        else { return nil }
        return (Holder(node: node, incarnation: Incarnation(String(parts[1]))), number)
    }
}
