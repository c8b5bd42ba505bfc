import Foundation
import Testing

/// The package's files, found from where this one was compiled.
enum SourceTree {
    /// The package's top folder.
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Hand-written Swift files below `Sources` and `Tests`, in order of their paths.
    static let swift: [SourceFile] = Self.files(in: ["Sources", "Tests", "examples"], endingIn: ["swift"])

    /// Those below `Sources`.
    static let sources = Self.swift.filter { $0.path.hasPrefix("Sources/") }

    /// Everything that people read, whatever its language.
    static let texts: [SourceFile] = Self.files(
        in: ["Sources", "Tests", "examples", "scripts", ".ci"],
        endingIn: ["swift", "sql", "lua", "md", "sh", "h", "modulemap", "yaml", "yml", "json", "tutorial", ""]
    )

    /// A file of the package.
    static func file(_ path: String) throws -> SourceFile {
        SourceFile(path: path, text: try String(contentsOf: self.root.appending(path: path), encoding: .utf8))
    }

    /// The files of one folder with one extension, not those of its subfolders, in order of their names.
    static func folder(_ path: String, _ pathExtension: String) throws -> [SourceFile] {
        try FileManager.default.contentsOfDirectory(atPath: self.root.appending(path: path).path())
            .filter { $0.hasSuffix(".\(pathExtension)") }
            .sorted()
            .map { try self.file("\(path)/\($0)") }
    }

    private static func files(in folders: [String], endingIn extensions: [String]) -> [SourceFile] {
        var paths: [String] = []
        for folder in folders {
            let enumerator = FileManager.default.enumerator(atPath: self.root.appending(path: folder).path())
            while let name = enumerator?.nextObject() as? String {
                let isBuildFolder = name.split(separator: "/").contains { $0 == ".build" }
                let pathExtension = URL(filePath: name).pathExtension
                // Generated files are compared with what they are made of.
                let isGenerated = name.contains("/Generated/")
                if !isBuildFolder, !isGenerated, extensions.contains(pathExtension) {
                    paths.append("\(folder)/\(name)")
                }
            }
        }
        // Folders have no text, and nothing else in the tree is unreadable.
        return paths.sorted().compactMap { try? self.file($0) }
    }
}

/// One file of the package.
struct SourceFile: Sendable, CustomTestStringConvertible {
    /// From the package's top folder.
    let path: String
    let text: String
    /// Its code and its comments, if it is Swift.
    let swiftText: SwiftText

    init(path: String, text: String) {
        self.path = path
        self.text = text
        self.swiftText = SwiftText(path.hasSuffix(".swift") ? text : "")
    }

    var name: String { String(self.path.split(separator: "/").last ?? "") }

    /// The target that it belongs to: the second part of its path.
    var target: String { self.path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    var lines: [Substring] { self.text.split(separator: "\n", omittingEmptySubsequences: false) }

    var testDescription: String { self.path }
}
