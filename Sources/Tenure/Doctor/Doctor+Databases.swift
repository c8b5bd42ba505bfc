internal import PostgresStore
internal import TenureCore

extension Doctor {
    // MARK: Each tenant's database

    func databases() -> [DoctorFinding] {
        var servers: Set<String> = []
        return self.facts.databases.sorted { $0.tenant.id < $1.tenant.id }.flatMap { database -> [DoctorFinding] in
            let name = database.tenant.id.description
            switch database.examination {
            case .failure(let error):
                return [Self.unreachable(name, error)]
            case .success(let examination):
                // What is the server's own is told once.
                let isNew = servers.insert(examination.server).inserted
                let ofServer = isNew ? Self.server(examination, database.clockOffset) : []
                return ofServer + [Self.writable(name, examination)].compactMap(\.self)
                    + Self.permissions(name, examination) + Self.drift(name, examination)
            }
        }
    }

    private static func unreachable(_ tenant: String, _ error: StoreError) -> DoctorFinding {
        let measured = error.detail ?? error.description
        let advice = "its nodes cannot either, if they are where this is: tenure tenants show \(tenant)"
        return DoctorFinding("database.reachable", tenant, .fail, measured, advice: advice)
    }

    private static func server(_ examination: ServerExamination, _ clockOffset: Duration) -> [DoctorFinding] {
        let trips = examination.roundTrips
        let median = trips.isEmpty ? Duration.zero : trips[trips.count / 2]
        let isOld = examination.versionNumber < 140_000
        return [
            DoctorFinding(
                "server.reachable",
                examination.server,
                median < .milliseconds(50) ? .ok : .warn,
                "round trip p50 \(median.forPeople) of \(trips.count)",
                advice: median < .milliseconds(50) ? nil : "bring the nodes nearer: each batch takes some round trips"
            ),
            DoctorFinding(
                "server.version",
                examination.server,
                isOld ? .fail : .ok,
                "Postgres \(examination.version)",
                advice: isOld ? "update it: Postgres 14 or newer is needed" : nil
            ),
            Self.clock("server.clock", examination.server, clockOffset),
        ]
    }

    private static func writable(_ tenant: String, _ examination: ServerExamination) -> DoctorFinding? {
        if examination.isInRecovery {
            let advice = "name the primary; with several hosts, target_session_attrs=read-write"
            return DoctorFinding("database.writable", tenant, .fail, "the server is a standby", advice: advice)
        }
        guard examination.isReadOnly else { return nil }
        let advice = "let the role write: default_transaction_read_only"
        return DoctorFinding("database.writable", tenant, .fail, "transactions are read-only", advice: advice)
    }

    private static func permissions(_ tenant: String, _ examination: ServerExamination) -> [DoctorFinding] {
        let schema = examination.schema
        func fail(_ measured: String, _ advice: String) -> [DoctorFinding] {
            [
                DoctorFinding(
                    "database.permissions",
                    tenant,
                    .fail,
                    "the role \(examination.role) \(measured)",
                    advice: advice
                )
            ]
        }
        guard schema.exists else {
            guard !schema.mayCreate else { return [] }
            return fail("may not create the schema", "GRANT CREATE ON DATABASE \(examination.database), or create it")
        }
        guard schema.isUsable else {
            return fail("may not use the schema", "GRANT USAGE ON SCHEMA, or make it the owner")
        }
        if !schema.closedTables.isEmpty {
            return fail("may not read and write \(schema.closedTables.joined(separator: ", "))", "make it the owner")
        }
        if !schema.closedFunctions.isEmpty {
            return fail("may not call \(schema.closedFunctions.joined(separator: ", "))", "GRANT EXECUTE")
        }
        if !schema.foreignTables.isEmpty {
            let tables = schema.foreignTables.joined(separator: ", ")
            return fail(
                "does not own \(tables): it can neither migrate, nor create and drop partitions of the history",
                "make it the owner, or a member of the role that is"
            )
        }
        return []
    }

    private static func drift(_ tenant: String, _ examination: ServerExamination) -> [DoctorFinding] {
        guard let comparison = examination.drift else { return [] }
        let drift = SchemaDrift(comparison)
        func list(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ", ") }
        switch drift.state {
        case .current: return []
        case .missing:
            let advice = "a node with auto_migrate creates it: tenure tenants migrate \(tenant)"
            return [DoctorFinding("schema", tenant, .warn, "the schema is not there", advice: advice)]
        case .behind:
            let advice = "a node with auto_migrate applies them: tenure tenants migrate \(tenant)"
            return [
                DoctorFinding("schema", tenant, .warn, "migrations \(list(drift.missing)) are missing", advice: advice)
            ]
        case .edited:
            let advice = "nothing is applied on top of it: restore the schema, or use the program that made it"
            let measured = "migrations \(list(drift.edited)) are not the ones that were applied"
            return [DoctorFinding("schema", tenant, .fail, measured, advice: advice)]
        case .ahead:
            let measured = "migrations \(list(drift.breaking)) are newer than this program"
            return [DoctorFinding("schema", tenant, .fail, measured, advice: "update the program")]
        }
    }

    // MARK: Connections

    /// What all nodes together may open at each server, against what it allows.
    func budgets() -> [DoctorFinding] {
        var findings: [DoctorFinding] = []
        var servers: Set<String> = []
        let nodes = max(1, self.state?.nodes.count ?? 1)
        let perServer = self.options.connections.perServer
        for database in self.facts.databases.sorted(by: { $0.tenant.id < $1.tenant.id }) {
            guard case .success(let examination) = database.examination,
                servers.insert(examination.server).inserted
            else { continue }
            var allowed = examination.maxConnections - (examination.isSuperuser ? 0 : examination.reservedConnections)
            if examination.roleConnectionLimit >= 0 { allowed = min(allowed, examination.roleConnectionLimit) }
            let wanted = nodes * perServer
            let measured =
                "\(nodes) nodes × connections.per_server \(perServer) = \(wanted) of \(allowed) allowed, "
                + "\(examination.usedConnections) in use"
            if wanted > allowed {
                let advice = "raise max_connections, or lower connections.per_server to \(max(3, allowed / nodes))"
                findings.append(
                    DoctorFinding("server.connections", examination.server, .fail, measured, advice: advice)
                )
            } else if examination.usedConnections * 10 >= allowed * 9 {
                let advice = "others use nearly all of them: raise max_connections"
                findings.append(
                    DoctorFinding("server.connections", examination.server, .warn, measured, advice: advice)
                )
            } else {
                findings.append(DoctorFinding("server.connections", examination.server, .ok, measured))
            }
        }
        return findings
    }
}

extension SchemaDrift {
    /// The same as the store says it.
    init(_ comparison: SchemaComparison) {
        self.init(
            exists: comparison.exists,
            applied: comparison.applied,
            missing: comparison.missing,
            edited: comparison.edited,
            unknown: comparison.unknown,
            breaking: comparison.breaking
        )
    }
}
