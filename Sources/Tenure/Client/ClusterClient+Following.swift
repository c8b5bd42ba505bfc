internal import Synchronization
internal import TenureCore

extension ClusterClient {
    /// Events as they come, beginning with those that are kept after an entry.
    ///
    /// While Redis cannot be reached the stream waits, except at its beginning: the first look must succeed.
    ///
    /// - Parameters:
    ///   - id: Those after this entry; `nil` for all that are kept.
    ///   - interval: How long to wait for new ones before looking again. Default 200 ms.
    /// - Returns: A stream that ends when its task is cancelled, or with the error of the first look.
    public func follow(
        after id: String? = nil,
        interval: Duration = .milliseconds(200)
    ) -> AsyncThrowingStream<StoredEvent, any Error> {
        let follower = EventFollower(client: self, after: id, interval: interval)
        return AsyncThrowingStream { try await follower.next() }
    }

    /// The last event that is kept, to follow from.
    public func lastEventID() async throws -> String? {
        var last: String?
        while let page = try await self.events(after: last).last { last = page.id }
        return last
    }
}

/// Reads a stream of events page by page; asked by one task at a time.
private final class EventFollower: Sendable {
    private struct State {
        var page: ArraySlice<StoredEvent> = []
        var last: String?
        var hasRead = false
    }

    private static let pageSize = 500
    /// How long to wait for a Redis that cannot be reached.
    private static let outagePause = Duration.seconds(1)

    private let client: ClusterClient
    private let interval: Duration
    private let state: Mutex<State>

    init(client: ClusterClient, after id: String?, interval: Duration) {
        self.client = client
        self.interval = interval
        self.state = Mutex(State(last: id))
    }

    func next() async throws -> StoredEvent? {
        while !Task.isCancelled {
            if let event = self.take() { return event }
            var pause = self.interval
            do {
                let after = self.state.withLock { $0.last }
                let page = try await self.client.events(after: after, limit: Self.pageSize)
                self.state.withLock { state in
                    state.page = page[...]
                    state.hasRead = true
                }
                if !page.isEmpty { continue }
            } catch {
                if Task.isCancelled { return nil }
                guard self.state.withLock({ $0.hasRead }) else { throw error }
                pause = Self.outagePause
            }
            do { try await Task.sleep(for: pause) } catch { return nil }
        }
        return nil
    }

    private func take() -> StoredEvent? {
        self.state.withLock { state in
            guard let event = state.page.popFirst() else { return nil }
            state.last = event.id
            return event
        }
    }
}
