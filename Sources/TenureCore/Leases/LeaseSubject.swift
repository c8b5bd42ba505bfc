/// What may be leased in a tenant's database.
package enum LeaseSubject: Sendable, Hashable {
    /// A lease, which one holder has at a time.
    case lease(String)
    /// One of a semaphore's permits.
    case permit(String, limit: Int)

    /// Its name.
    package var name: String {
        switch self {
        case .lease(let name), .permit(let name, _): name
        }
    }

    /// How many holders there may be of a semaphore; `nil` for a lease, which has one.
    package var limit: Int? {
        switch self {
        case .lease: nil
        case .permit(_, let limit): limit
        }
    }
}
