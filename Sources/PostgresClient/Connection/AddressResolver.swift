internal import IOReactor

/// Turns the names of a target's servers into addresses, so that libpq never resolves one on the reactor.
enum AddressResolver {
    /// What one connection attempt is given: the name (for certificates and password files), an address, a port.
    typealias Endpoint = PostgresTarget.Endpoint

    /// The addresses of all endpoints, in order; a name with several addresses becomes several endpoints.
    ///
    /// - Throws: ``PostgresError`` if no endpoint has an address: `.timedOut`, or `.unavailable` with the reason.
    static func resolve(
        _ endpoints: [Endpoint],
        with resolver: HostResolver,
        deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> [Endpoint] {
        var resolved: [Endpoint] = []
        var failure: PostgresError?
        for endpoint in endpoints {
            guard !endpoint.isSocket, endpoint.address.isEmpty else {
                resolved.append(endpoint)
                continue
            }
            do throws(HostResolver.Failure) {
                let port = UInt16(endpoint.port) ?? 0
                for address in try await resolver.addresses(of: endpoint.host, port: port, deadline: deadline) {
                    let known = Endpoint(host: endpoint.host, address: address.description, port: endpoint.port)
                    if !resolved.contains(known) { resolved.append(known) }
                }
            } catch {
                failure = PostgresError(
                    error == .timedOut ? .timedOut : .unavailable,
                    .notSent,
                    operation: "connect",
                    message: "cannot resolve \(endpoint.host): \(error)"
                )
            }
        }
        if resolved.isEmpty, let failure { throw failure }
        return resolved
    }
}
