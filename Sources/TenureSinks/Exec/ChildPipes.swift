internal import CLinux
internal import Foundation

/// The pipes of a child's standard input and standard error.
struct ChildPipes {
    /// The parent's ends; neither blocks.
    let inputWriter: Int32
    let errorReader: Int32
    /// The child's ends.
    let inputReader: Int32
    let errorWriter: Int32

    /// Opens both. No other child gets them.
    init() throws(SpawnError) {
        (self.inputReader, self.inputWriter) = try Self.open()
        do throws(SpawnError) {
            (self.errorReader, self.errorWriter) = try Self.open()
        } catch {
            close(self.inputReader)
            close(self.inputWriter)
            throw error
        }
        for end in [self.inputWriter, self.errorReader] {
            _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
        }
    }

    private static func open() throws(SpawnError) -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw SpawnError(code: errno) }
        return (ends[0], ends[1])
    }

    /// To be called once, when the child has its own copies.
    func closeChildEnds() {
        close(self.inputReader)
        close(self.errorWriter)
    }
}
