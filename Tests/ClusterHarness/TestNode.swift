internal import Foundation
package import TestSupport

/// One node process.
package final class TestNode: Sendable {
    /// The node's name.
    package let id: String
    /// The process.
    package let process: ChildProcess

    init(id: String, process: ChildProcess) {
        self.id = id
        self.process = process
    }

    /// The events that it has printed so far.
    package var events: [[String: any Sendable]] {
        self.process.output.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("{") else { return nil }
            let value = try? JSONSerialization.jsonObject(with: Data(line.utf8))
            guard let object = value as? [String: Any] else { return nil }
            return object.compactMapValues { value -> (any Sendable)? in
                if let text = value as? String { return text }
                if let number = value as? NSNumber { return number.doubleValue }
                return nil
            }
        }
    }

    /// Events of one name.
    package func events(_ name: String) -> [[String: any Sendable]] {
        self.events.filter { $0["event"] as? String == name }
    }

    /// Waits for its end.
    package func waitForEnd(within limit: Duration) async throws -> ChildProcess.Ending {
        try await HelperThread.run { [process] in try process.waitForEnd(within: limit) }
    }
}
