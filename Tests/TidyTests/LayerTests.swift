import Testing

@Suite("Layers")
struct LayerTests {
    /// The layers as the comment in Package.swift lists them.
    static func layers(in package: String) -> [String: Int] {
        var layers: [String: Int] = [:]
        for line in package.split(separator: "\n") {
            guard let match = line.wholeMatch(of: /\/\/\/ +(\d) +(\w.*)/), let layer = Int(match.1) else { continue }
            for name in match.2.split(separator: " ") { layers[String(name)] = layer }
        }
        return layers
    }

    /// What a file imports.
    static func imports(of file: SourceFile) -> [String] {
        file.swiftText.code.filter { $0.contains("import ") }.compactMap { line in
            line.firstMatch(
                of: /^\s*(?:@\w+ )*(?:(?:public|package|internal|private|fileprivate) )?import (?:\w+ )?(\w+)/
            )
            .map { String($0.1) }
        }
    }

    /// Which targets may import the C libraries.
    static let importers = [
        "CHiredis": ["RedisClient"],
        "CLibpq": ["PostgresClient"],
        "CLinux": ["IOReactor", "TenureSinks", "tenure"],
    ]

    /// What a target of Package.swift says that it depends on: within a layer, that decides.
    static func dependencies(in package: String) -> [String: Set<String>] {
        var dependencies: [String: Set<String>] = [:]
        for match in package.matches(of: /arget\(\s*name: "(\w+)",\s*dependencies: \[([^\]]*)\]/) {
            dependencies[String(match.1)] = Set(match.2.matches(of: /"(\w+)"/).map { String($0.1) })
        }
        return dependencies
    }

    static func violations(
        in file: SourceFile,
        layers: [String: Int],
        dependencies: [String: Set<String>] = [:]
    ) -> [String] {
        guard let layer = layers[file.target] else {
            return ["\(file.path): Package.swift's comment on layers does not name the target \(file.target)"]
        }
        return Self.imports(of: file).compactMap { name in
            if let allowed = Self.importers[name], !allowed.contains(file.target) {
                return "\(file.path): only \(allowed.joined(separator: " and ")) may import \(name): use its API"
            }
            guard name != file.target, let other = layers[name], other >= layer else { return nil }
            if other == layer, dependencies[file.target]?.contains(name) == true { return nil }
            return
                "\(file.path): imports \(name), which is not below \(file.target): move the code, or add a protocol"
        }
    }

    @Test("Imports point down only")
    func layers() throws {
        let package = try SourceTree.file("Package.swift").text
        let layers = Self.layers(in: package)
        let dependencies = Self.dependencies(in: package)

        #expect(layers.count >= 15)
        #expect(layers["IOReactor"] == 1)
        #expect(dependencies["TenureTesting"]?.contains("Tenure") == true)
        let violations = SourceTree.sources.flatMap {
            Self.violations(in: $0, layers: layers, dependencies: dependencies)
        }
        #expect(violations == [])
    }

    @Test("The rule finds what it forbids")
    func works() {
        let layers = ["CHiredis": 0, "TenureCore": 1, "RedisClient": 2, "Tenure": 4]
        func violations(_ target: String, _ text: String) -> Int {
            Self.violations(in: SourceFile(path: "Sources/\(target)/A.swift", text: text), layers: layers).count
        }

        #expect(violations("TenureCore", "package import RedisClient\n") == 1)
        #expect(violations("Tenure", "internal import CHiredis\n") == 1)
        #expect(violations("RedisClient", "internal import struct TenureCore.Epoch\ninternal import CHiredis\n") == 0)
        #expect(violations("Elsewhere", "import TenureCore\n") == 1)
        #expect(violations("TenureCore", "// import RedisClient\nimport Foundation\n") == 0)
    }

    @Test("Machines import TenureCore only")
    func machines() {
        let files = SourceTree.sources.filter { $0.name.hasSuffix("Machine.swift") && $0.target == "TenureCore" }

        #expect(!files.isEmpty)
        #expect(files.filter { !Self.imports(of: $0).isEmpty }.map(\.path) == [])
    }
}
