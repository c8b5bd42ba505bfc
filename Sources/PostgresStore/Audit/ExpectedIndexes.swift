/// The indexes that the migrations of a tenant's schema create, as their texts say it.
enum ExpectedIndexes {
    /// Names of tables and, in the same order, of their indexes.
    static let all: (tables: [String], indexes: [String]) = Self.read(Migrations.all.map(\.source))

    /// Finds the indexes and the primary keys in texts of migrations.
    static func read(_ sources: [String]) -> (tables: [String], indexes: [String]) {
        var tables: [String] = []
        var indexes: [String] = []
        for source in sources {
            for match in source.matches(of: /CREATE (?:UNIQUE )?INDEX (\w+) ON __schema__\.(\w+)/) {
                tables.append(String(match.2))
                indexes.append(String(match.1))
            }
            for match in source.matches(of: /CREATE TABLE __schema__\.(\w+) \(([\s\S]*?)\n\)/)
            where match.2.contains("PRIMARY KEY") {
                tables.append(String(match.1))
                indexes.append("\(match.1)_pkey")
            }
        }
        return (tables, indexes)
    }
}
