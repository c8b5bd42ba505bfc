import Testing

@Suite("Lua scripts")
struct LuaScriptTests {
    /// The keys that a script's header declares, in order.
    private static func declaredKeys(_ file: SourceFile) -> [(number: Int, name: String)] {
        file.text.matches(of: /(?m)^-- KEYS\[(\d+)\] +(\S+)/).compactMap { match in
            Int(match.1).map { ($0, String(match.2)) }
        }
    }

    private static func body(_ file: SourceFile) -> String {
        file.lines.filter { !$0.hasPrefix("--") }.joined(separator: "\n")
    }

    private static func header(_ file: SourceFile) -> String {
        file.lines.prefix { $0.hasPrefix("--") }.joined(separator: "\n")
    }

    /// What is wrong with a script's header.
    static func problems(_ file: SourceFile) -> [String] {
        var problems: [String] = []
        let header = Self.header(file)
        let body = Self.body(file)
        let keys = Self.declaredKeys(file)
        if keys.map(\.number) != Array(1..<(keys.count + 1)) || keys.isEmpty {
            problems.append("declare every key as '-- KEYS[n] name type content', counted from 1")
        }
        let usedKeys = Set(body.matches(of: /KEYS\[(\d+)\]/).compactMap { Int($0.1) })
        if usedKeys != Set(keys.map(\.number)) {
            problems.append("the keys \(usedKeys.sorted()) are used and \(keys.map(\.number)) declared")
        }
        // `ARGV[3…]` declares all from there on.
        let declared = header.matches(of: /ARGV\[(\d+)(…?)\]/).compactMap { match in
            Int(match.1).map { ($0, !match.2.isEmpty) }
        }
        for number in Set(body.matches(of: /ARGV\[(\d+)\]/).compactMap { Int($0.1) }).sorted()
        where !declared.contains(where: { $0.0 == number || $0.1 && $0.0 <= number }) {
            problems.append("declare '-- ARGV[\(number)] what it is, with its unit'")
        }
        if !header.contains("-- Returns") { problems.append("say '-- Returns …'") }
        if !header.contains("O(") { problems.append("give the complexity, as 'O(…)'") }
        if !body.contains("redis.call") { problems.append("it calls nothing") }
        return problems.map { "\(file.path): \($0)" }
    }

    @Test("Every script's header is a contract: keys, arguments, results, complexity")
    func headers() throws {
        let files = try SourceTree.folder("Sources/RedisCoordination/Scripts", "lua")

        #expect(!files.isEmpty)
        #expect(files.flatMap(Self.problems) == [])
    }

    @Test("Swift gives each script the keys that its header declares, in that order")
    func keys() throws {
        let keyspace = try SourceTree.file("Sources/RedisCoordination/Keyspace.swift").text
        let scripts = try SourceTree.file("Sources/RedisCoordination/CoordinationScript.swift").text
        var names: [Substring: String] = [:]
        for match in keyspace.matches(of: /(?m)^ +case (\w+)(?: = "([^"]+)")?$/) {
            names[match.1] = match.2.map(String.init) ?? String(match.1)
        }
        var given: [String: [String]] = [:]
        for match in scripts.matches(of: /LuaScripts\.(\w+),\s*\[([^\]]*)\]/) {
            given[String(match.1)] = match.2.matches(of: /\.(\w+)/).map { names[$0.1] ?? "no such key: \($0.1)" }
        }

        for file in try SourceTree.folder("Sources/RedisCoordination/Scripts", "lua") {
            let name = String(file.name.dropLast(4))
            #expect(given[name] == Self.declaredKeys(file).map(\.name), "\(file.path)")
            given[name] = nil
        }
        #expect(given.keys.sorted() == [], "these have no file")
    }

    @Test("The rule finds what it forbids")
    func works() {
        let good =
            "-- Says.\n-- KEYS[1] a string\n-- ARGV[1] b\n-- Returns c. O(1)\nredis.call('SET', KEYS[1], ARGV[1])\n"
        func count(_ text: String) -> Int { Self.problems(SourceFile(path: "a.lua", text: text)).count }

        #expect(count(good) == 0)
        #expect(count(good.replacing("-- KEYS[1] a string\n", with: "")) == 2)
        #expect(count(good.replacing("-- ARGV[1] b\n", with: "")) == 1)
        #expect(count(good.replacing("ARGV[1])", with: "ARGV[2])")) == 1)
        #expect(count(good.replacing("KEYS[1],", with: "KEYS[2],")) == 1)
        #expect(count(good.replacing("Returns", with: "Gives")) == 1)
        #expect(count(good.replacing("O(1)", with: "")) == 1)
    }
}
