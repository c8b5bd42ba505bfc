/// Where the value of a setting came from; the first of these that has it wins.
enum SettingSource: Sendable, Hashable, CustomStringConvertible {
    case flag(String)
    case environment(String)
    case file(path: String, line: Int)
    case standard

    var description: String {
        switch self {
        case .flag(let name): name
        case .environment(let name): name
        case .file(let path, let line): "\(path):\(line)"
        case .standard: "default"
        }
    }
}
