/// Lays results out for people.
enum TextTable {
    /// A header and a line for each object; numbers stand to the right.
    static func lines(_ objects: [JSON], columns: [String]) -> [String] {
        var rows = [columns.map { $0.uppercased().replacing("_", with: " ") }]
        for object in objects {
            rows.append(columns.map { self.text(object[$0] ?? .null) })
        }
        let widths = columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let isNumeric = columns.map { column in
            let values = objects.compactMap { $0[column] }.filter { $0 != .null }
            return !values.isEmpty && values.allSatisfy(\.isNumber)
        }
        return rows.map { row in
            let cells = row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return isNumeric[column] ? padding + row[column] : row[column] + padding
            }
            return self.trimmed(cells.joined(separator: "  "))
        }
    }

    /// A line for each entry of an object; nested lists follow as tables.
    static func lines(entriesOf object: JSON) -> [String] {
        guard case .object(let entries) = object else { return [self.text(object)] }
        let width = entries.map(\.key.count).max() ?? 0
        return entries.map { entry in
            let name = entry.key.replacing("_", with: " ")
            return self.trimmed(name + String(repeating: " ", count: width - name.count + 2) + self.text(entry.value))
        }
    }

    /// A value in a cell.
    static func text(_ value: JSON) -> String {
        switch value {
        case .null: "-"
        case .string(let text): text.isEmpty ? "\"\"" : text
        case .number(let number): String((number * 1_000).rounded() / 1_000)
        case .object(let entries): entries.map { "\($0.key)=\(self.text($0.value))" }.joined(separator: ",")
        case .array(let values): values.map(self.text).joined(separator: ",")
        case .boolean, .integer, .raw: value.text
        }
    }

    private static func trimmed(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }
}
