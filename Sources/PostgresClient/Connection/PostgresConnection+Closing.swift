internal import CLibpq
internal import Foundation
internal import IOReactor

/// Closing, and being returned by a caller.
extension PostgresConnection {
    /// Closes the connection and waits until the server's process has ended (at most 1 s), so that its place is free.
    ///
    /// Requests that have not ended do so now.
    package func close() async {
        self.beginClosing()
        switch self.phase {
        case .closing: await withCheckedContinuation { self.closeWaiters.append($0) }
        case .opening, .open, .closed: break
        }
    }

    /// Tells the server that nothing more will come.
    func beginClosing() {
        let reason = self.lossError("the connection was closed")
        switch self.phase {
        case .opening:
            self.openingFailed(reason)
        case .open:
            guard let handle else { return }
            self.phase = .closing
            self.end = reason
            if !self.requests.isEmpty, let cancelHandle {
                // The server looks for our end of the connection only when it is done with what it is doing.
                self.threads.run { cancelHandle.cancel() }
            }
            self.endRequests(reason)
            self.closeDeadline = self.reactor.schedule(at: .now + Self.closeGrace) { [weak self] in
                self?.assumeIsolated { $0.release(reason) }
            }
            // `PQfinish` would close the socket at once, while the server's process still counts. After a half-close
            // the server ends its side when its process ends.
            shutdown(PQsocket(handle.pointer), CInt(SHUT_WR))
            self.watch(.read)
            self.resumeSettleWaiters()
        case .closing, .closed:
            break
        }
    }

    func awaitServerEnd() {
        guard let handle, let end else { return }
        guard PQconsumeInput(handle.pointer) == 1, PQstatus(handle.pointer) == CONNECTION_OK else {
            return self.release(end)
        }
    }

    /// Waits until nothing is in flight.
    ///
    /// - Returns: Whether the connection can be given to another caller: open, and no transaction was left behind.
    func settle(deadline: ContinuousClock.Instant) async -> Bool {
        if self.isOpen, !self.exchange.isQuiescent {
            let timer = self.reactor.schedule(at: deadline) { [weak self] in
                self?.assumeIsolated { $0.beginClosing() }
            }
            await withCheckedContinuation { self.settleWaiters.append($0) }
            self.reactor.cancel(timer)
        }
        guard self.isOpen, let handle else { return false }
        return PQtransactionStatus(handle.pointer) == PQTRANS_IDLE
    }
}
