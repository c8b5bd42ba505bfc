internal import Foundation

/// A directory that is removed with its last reference.
///
/// Its path is short, since the paths of Unix sockets are limited to 107 bytes, and every user may enter it.
package final class TemporaryDirectory: Sendable {
    /// The path.
    package let path: String

    /// Creates an empty directory.
    package init() throws {
        var template = Array("/tmp/tenure-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil, chmod(template, 0o755) == 0 else {
            throw ChildProcess.Failure("no temporary directory: \(String(cString: strerror(errno)))")
        }
        self.path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        // What cannot be removed stays in /tmp, where it harms nobody.
        try? FileManager.default.removeItem(atPath: self.path)
    }

    /// Writes a file into the directory and returns its path.
    package func write(_ text: String, to name: String) throws -> String {
        let path = "\(self.path)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }
}
