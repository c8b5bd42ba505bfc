-- The registry: which tenants there are, and where. `__schema__` stands for the quoted name of its schema.

CREATE TABLE __schema__.tenants (
    tenant_id text PRIMARY KEY,
    name text,
    -- A libpq URI or keyword string, or env:VARIABLE, or file:PATH.
    connection_string text NOT NULL,
    schema_name text NOT NULL DEFAULT 'tenure',
    -- False: removed. The row stays, so that nodes know that it is gone and not merely missing.
    is_active boolean NOT NULL DEFAULT true,
    suspended boolean NOT NULL DEFAULT false,
    pinned_node text,
    weight double precision NOT NULL DEFAULT 1,
    priority integer NOT NULL DEFAULT 0,
    labels jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenants_id CHECK (tenant_id ~ '^[A-Za-z0-9._-]{1,64}$'),
    CONSTRAINT tenants_connection_string CHECK (connection_string <> ''),
    CONSTRAINT tenants_schema_name CHECK (schema_name ~ '^[A-Za-z0-9_]{1,48}$'),
    CONSTRAINT tenants_pinned_node CHECK (pinned_node ~ '^[A-Za-z0-9._-]{1,64}$'),
    CONSTRAINT tenants_weight CHECK (weight > 0 AND weight < 'infinity'),
    CONSTRAINT tenants_labels CHECK (jsonb_typeof(labels) = 'object')
);

-- Keeps `updated_at` true, and tells nodes that something changed.
CREATE FUNCTION __schema__.note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        NEW.updated_at := now();
    END IF;
    PERFORM pg_notify(btrim('__schema__', '"'), coalesce(NEW.tenant_id, OLD.tenant_id));
    RETURN coalesce(NEW, OLD);
END $$;

CREATE TRIGGER tenants_change BEFORE INSERT OR UPDATE OR DELETE ON __schema__.tenants
FOR EACH ROW EXECUTE FUNCTION __schema__.note_change();

CREATE FUNCTION __schema__.note_truncation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(btrim('__schema__', '"'), '');
    RETURN NULL;
END $$;

CREATE TRIGGER tenants_truncation AFTER TRUNCATE ON __schema__.tenants
FOR EACH STATEMENT EXECUTE FUNCTION __schema__.note_truncation();
