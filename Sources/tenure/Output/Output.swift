internal import ArgumentParser

/// In which form results go to standard output.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// For people.
    case text
    /// Exactly one JSON value; of a stream, one object a line.
    case json
}

/// Writes results to standard output in the form that was asked for.
struct Output: Sendable {
    let format: OutputFormat

    /// Writes a result: as JSON, or as the lines for people.
    func result(_ json: @autoclosure () -> JSON, text: @autoclosure () -> [String]) {
        switch self.format {
        case .json: StandardStreams.write(json().prettyText)
        case .text:
            for line in text() { StandardStreams.write(line) }
        }
    }

    /// Writes a list of objects: as a JSON array, or as a table with one column for each of the keys.
    ///
    /// - Parameter empty: What people read when there is nothing; it goes to standard error.
    func list(_ objects: [JSON], columns: [String], empty: String) {
        if self.format == .text, objects.isEmpty {
            StandardStreams.writeError(empty)
        } else {
            self.result(.array(objects), text: TextTable.lines(objects, columns: columns))
        }
    }

    /// Writes one object: as JSON, or a line for each entry.
    func object(_ object: JSON) {
        self.result(object, text: TextTable.lines(entriesOf: object))
    }

    /// Writes the result of an operation that people need no more than a sentence about.
    func done(_ object: JSON, _ sentence: String) {
        self.result(object, text: [sentence])
    }
}
