/// A command: its name and arguments as bytes.
///
/// Arguments are never parsed or quoted, so they may hold anything. All of them lie in one buffer, so that a command
/// costs two allocations however many arguments it has.
package struct RedisCommand: Sendable, Hashable {
    private(set) var storage: [UInt8]
    private(set) var lengths: [Int]

    /// Creates a command from its name and arguments.
    package init(_ name: String, _ arguments: any RedisArgument...) {
        self.init(name, arguments: arguments)
    }

    /// Creates a command from its name and a list of arguments.
    package init(_ name: String, arguments: some Sequence<any RedisArgument>) {
        self.storage = []
        self.lengths = []
        self.append(name)
        for argument in arguments { self.append(argument) }
    }

    /// Adds an argument at the end.
    package mutating func append(_ argument: some RedisArgument) {
        let start = self.storage.count
        argument.append(to: &self.storage)
        self.lengths.append(self.storage.count - start)
    }

    /// The name and the arguments.
    package var arguments: [ArraySlice<UInt8>] {
        var start = 0
        return self.lengths.map { length in
            defer { start += length }
            return self.storage[start..<start + length]
        }
    }

    /// The command's name, for error messages.
    package var name: String {
        String(decoding: self.storage.prefix(self.lengths.first ?? 0), as: UTF8.self)
    }

    /// The number of bytes of all arguments; what a command counts for in a connection's limits.
    package var byteCount: Int {
        self.storage.count
    }
}

/// A value that can be an argument of a command.
package protocol RedisArgument: Sendable {
    /// Adds the argument's bytes to a buffer.
    func append(to buffer: inout [UInt8])
}

extension String: RedisArgument {
    package func append(to buffer: inout [UInt8]) {
        buffer.append(contentsOf: self.utf8)
    }
}

extension Substring: RedisArgument {
    package func append(to buffer: inout [UInt8]) {
        buffer.append(contentsOf: self.utf8)
    }
}

extension [UInt8]: RedisArgument {
    package func append(to buffer: inout [UInt8]) {
        buffer.append(contentsOf: self)
    }
}

extension Int: RedisArgument {
    package func append(to buffer: inout [UInt8]) {
        buffer.append(contentsOf: String(self).utf8)
    }
}

extension UInt64: RedisArgument {
    package func append(to buffer: inout [UInt8]) {
        buffer.append(contentsOf: String(self).utf8)
    }
}

extension Int64: RedisArgument {
    package func append(to buffer: inout [UInt8]) {
        buffer.append(contentsOf: String(self).utf8)
    }
}
