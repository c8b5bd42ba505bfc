// swift-tools-version: 6.2

import PackageDescription

/// The layers, lowest first. An arrow may only point to a lower layer; the tidy tests check imports against this file.
///
///     0  CHiredis  CLibpq  CLinux
///     1  IOReactor  Cron  TenureCore
///     2  RedisClient  PostgresClient
///     3  RedisCoordination  PostgresStore  InMemoryStores
///     4  Tenure  TenureTesting
///     5  TenureSinks
///     6  tenure
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let ordered = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "tenure",
    products: [
        .library(name: "Tenure", targets: ["Tenure"]),
        .library(name: "TenureTesting", targets: ["TenureTesting"]),
        .library(name: "TenureSinks", targets: ["TenureSinks"]),
        .executable(name: "tenure", targets: ["tenure"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.6.3"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.8.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    ],
    targets: [
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CLinux"),

        .target(name: "IOReactor", dependencies: ["CLinux", deque, heap]),
        .target(name: "Cron"),
        .target(name: "TenureCore", dependencies: [ordered, heap]),

        .target(name: "RedisClient", dependencies: ["CHiredis", "IOReactor", deque, ordered, log]),
        .target(name: "PostgresClient", dependencies: ["CLibpq", "IOReactor", deque, ordered, log]),

        .target(
            name: "RedisCoordination",
            dependencies: ["IOReactor", "RedisClient", "TenureCore", log],
            exclude: ["Scripts"]
        ),
        .target(
            name: "PostgresStore",
            dependencies: ["PostgresClient", "TenureCore", log],
            exclude: ["Migrations", "Statements"]
        ),
        .target(name: "InMemoryStores", dependencies: ["TenureCore", ordered]),

        .target(
            name: "Tenure",
            dependencies: [
                "Cron", "IOReactor", "InMemoryStores", "PostgresClient", "PostgresStore", "RedisClient",
                "RedisCoordination", "TenureCore", lifecycle, log,
            ]
        ),
        .target(name: "TenureTesting", dependencies: ["InMemoryStores", "Tenure", "TenureCore"]),
        .target(name: "TenureSinks", dependencies: ["CLinux", "Tenure", "TenureCore", log]),
        .executableTarget(
            name: "tenure",
            dependencies: [
                "CLinux", "Cron", "IOReactor", "PostgresClient", "PostgresStore", "Tenure", "TenureCore", "TenureSinks",
                arguments, lifecycle, log, unixSignals, yams,
            ]
        ),

        .executableTarget(
            name: "three-nodes",
            dependencies: ["Tenure", lifecycle, log, unixSignals],
            path: "examples/three-nodes",
            exclude: ["README.md"]
        ),
        .executableTarget(
            name: "embedded",
            dependencies: ["Tenure", lifecycle, log, unixSignals],
            path: "examples/embedded",
            exclude: ["README.md"]
        ),
        .executableTarget(name: "enqueue", dependencies: ["Tenure"], path: "examples/enqueue"),

        .target(name: "TestSupport", dependencies: ["IOReactor", "CLinux"], path: "Tests/Support"),
        .target(
            name: "Simulation",
            dependencies: ["InMemoryStores", "IOReactor", "Tenure", "TenureCore", deque, heap, log],
            path: "Tests/Simulation"
        ),
        .executableTarget(name: "simulate", dependencies: ["Simulation"], path: "Tests/SimulateProgram"),
        .testTarget(name: "SimulationTests", dependencies: ["Simulation", "TenureCore"]),
        .testTarget(name: "IOReactorTests", dependencies: ["IOReactor", "CLinux"]),
        .testTarget(name: "CronTests", dependencies: ["Cron"]),
        .testTarget(name: "TenureCoreTests", dependencies: ["TenureCore"]),
        .testTarget(name: "RedisClientTests", dependencies: ["IOReactor", "RedisClient", "TestSupport"]),
        .testTarget(name: "PostgresClientTests", dependencies: ["IOReactor", "PostgresClient", "TestSupport"]),
        .testTarget(
            name: "RedisCoordinationTests",
            dependencies: [
                "IOReactor", "InMemoryStores", "RedisClient", "RedisCoordination", "TenureCore", "TenureTesting",
                "TestSupport",
            ]
        ),
        .testTarget(
            name: "PostgresStoreTests",
            dependencies: [
                "IOReactor", "InMemoryStores", "PostgresClient", "PostgresStore", "TenureCore", "TenureTesting",
                "TestSupport",
            ]
        ),
        .testTarget(name: "InMemoryStoresTests", dependencies: ["InMemoryStores", "TenureCore", "TenureTesting"]),
        .testTarget(
            name: "TenureTests",
            dependencies: [
                "Cron", "IOReactor", "PostgresClient", "PostgresStore", "InMemoryStores", "RedisClient",
                "RedisCoordination",
                "Tenure", "TenureCore", "TenureTesting", "TestSupport", log,
            ]
        ),
        .testTarget(name: "TenureSinksTests", dependencies: ["Tenure", "TenureCore", "TenureSinks", log]),
        .testTarget(
            name: "TenureProgramTests",
            dependencies: [
                "Cron", "IOReactor", "PostgresClient", "Tenure", "TenureCore", "TenureSinks", "TestSupport", "tenure",
            ]
        ),
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "Cron", "PostgresClient", "RedisClient", "RedisCoordination", "Tenure", "TenureCore", "tenure",
            ]
        ),
        .testTarget(name: "TidyTests"),
        .target(
            name: "ClusterHarness",
            dependencies: ["IOReactor", "PostgresClient", "TestSupport"],
            path: "Tests/ClusterHarness"
        ),
        .target(
            name: "Ordeals",
            dependencies: ["ClusterHarness", "IOReactor", "PostgresClient", "TestSupport"],
            path: "Tests/Ordeals"
        ),
        .executableTarget(
            name: "ordeal",
            dependencies: ["ClusterHarness", "Ordeals", arguments],
            path: "Tests/Ordeal"
        ),
        .testTarget(name: "EndToEndTests", dependencies: ["ClusterHarness", "Ordeals", "TestSupport"]),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .swiftLanguageMode(.v6),
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
            .treatAllWarnings(as: .error),
        ]
}
