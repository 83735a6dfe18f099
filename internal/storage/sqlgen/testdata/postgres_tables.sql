-- projects: create the table projects
CREATE TABLE tenant."projects" (
  tenant_id uuid NOT NULL,
  "id" uuid NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "code" text COLLATE "C",
  "description" text COLLATE "C" NOT NULL,
  "status" text COLLATE "C" NOT NULL CONSTRAINT "projects__status_check" CHECK ("status" IN ('active', 'it''s over')),
  "created_by" uuid,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  version bigint NOT NULL,
  PRIMARY KEY (tenant_id, "id")
);
CREATE INDEX "projects__created_at_idx" ON tenant."projects" (tenant_id, "created_at", "id");
CREATE UNIQUE INDEX "projects__name_key" ON tenant."projects" (tenant_id, "name");
CREATE UNIQUE INDEX "projects__code_key" ON tenant."projects" (tenant_id, "code");
ALTER TABLE tenant."projects" ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON tenant."projects" USING (tenant_id = platform.current_tenant()) WITH CHECK (tenant_id = platform.current_tenant());
-- {"name":"projects","fields":[{"name":"code","type":"text","nullable":true,"unique":true},{"name":"created_at","type":"time"},{"name":"created_by","type":"uuid","nullable":true},{"name":"description","type":"text"},{"name":"id","type":"uuid"},{"name":"name","type":"text","unique":true},{"name":"status","type":"text","enum":["active","it's over"]},{"name":"updated_at","type":"time"}]}

-- tasks: create the table tasks
CREATE TABLE tenant."tasks" (
  tenant_id uuid NOT NULL,
  "id" uuid NOT NULL,
  "project" uuid NOT NULL,
  "parent" uuid,
  "assignee" uuid,
  "title" text COLLATE "C" NOT NULL,
  "note" text COLLATE "C",
  "rank" bigint NOT NULL,
  "size" bigint,
  "score" double precision,
  "done" boolean NOT NULL,
  "flag" boolean,
  "due" date,
  "at" timestamptz,
  "group" text COLLATE "C" NOT NULL,
  "meta" json NOT NULL,
  "created_by" uuid,
  "created_at" timestamptz NOT NULL,
  "updated_at" timestamptz NOT NULL,
  version bigint NOT NULL,
  PRIMARY KEY (tenant_id, "id"),
  CONSTRAINT "tasks__project_fkey" FOREIGN KEY (tenant_id, "project") REFERENCES tenant."projects" (tenant_id, "id"),
  CONSTRAINT "tasks__parent_fkey" FOREIGN KEY (tenant_id, "parent") REFERENCES tenant."tasks" (tenant_id, "id")
);
CREATE INDEX "tasks__created_at_idx" ON tenant."tasks" (tenant_id, "created_at", "id");
CREATE INDEX "tasks__project_idx" ON tenant."tasks" (tenant_id, "project", "created_at", "id");
CREATE INDEX "tasks__parent_idx" ON tenant."tasks" (tenant_id, "parent", "created_at", "id");
CREATE INDEX "tasks__assignee_idx" ON tenant."tasks" (tenant_id, "assignee", "created_at", "id");
ALTER TABLE tenant."tasks" ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON tenant."tasks" USING (tenant_id = platform.current_tenant()) WITH CHECK (tenant_id = platform.current_tenant());
-- {"name":"tasks","fields":[{"name":"assignee","type":"uuid","nullable":true,"ref":"members"},{"name":"at","type":"time","nullable":true},{"name":"created_at","type":"time"},{"name":"created_by","type":"uuid","nullable":true},{"name":"done","type":"boolean"},{"name":"due","type":"date","nullable":true},{"name":"flag","type":"boolean","nullable":true},{"name":"group","type":"text"},{"name":"id","type":"uuid"},{"name":"meta","type":"json"},{"name":"note","type":"text","nullable":true},{"name":"parent","type":"uuid","nullable":true,"ref":"tasks"},{"name":"project","type":"uuid","ref":"projects"},{"name":"rank","type":"integer"},{"name":"score","type":"number","nullable":true},{"name":"size","type":"integer","nullable":true},{"name":"title","type":"text"},{"name":"updated_at","type":"time"}]}

