-- projects: create the table projects
CREATE TABLE "projects" (
  tenant_id TEXT NOT NULL CHECK (tenant_id = '0193a8b2-7c00-7000-8000-000000000001'),
  "id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "code" TEXT,
  "description" TEXT NOT NULL,
  "status" TEXT NOT NULL CONSTRAINT "projects__status_check" CHECK ("status" IN ('active', 'it''s over')),
  "created_by" TEXT,
  "created_at" INTEGER NOT NULL,
  "updated_at" INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, "id")
) STRICT;
CREATE INDEX "projects__created_at_idx" ON "projects" (tenant_id, "created_at", "id");
CREATE UNIQUE INDEX "projects__name_key" ON "projects" (tenant_id, "name");
CREATE UNIQUE INDEX "projects__code_key" ON "projects" (tenant_id, "code");
-- {"name":"projects","fields":[{"name":"code","type":"text","nullable":true,"unique":true},{"name":"created_at","type":"time"},{"name":"created_by","type":"uuid","nullable":true},{"name":"description","type":"text"},{"name":"id","type":"uuid"},{"name":"name","type":"text","unique":true},{"name":"status","type":"text","enum":["active","it's over"]},{"name":"updated_at","type":"time"}]}

-- tasks: create the table tasks
CREATE TABLE "tasks" (
  tenant_id TEXT NOT NULL CHECK (tenant_id = '0193a8b2-7c00-7000-8000-000000000001'),
  "id" TEXT NOT NULL,
  "project" TEXT NOT NULL,
  "parent" TEXT,
  "assignee" TEXT,
  "title" TEXT NOT NULL,
  "note" TEXT,
  "rank" INTEGER NOT NULL,
  "size" INTEGER,
  "score" REAL,
  "done" INTEGER NOT NULL CONSTRAINT "tasks__done_check" CHECK ("done" IN (0, 1)),
  "flag" INTEGER CONSTRAINT "tasks__flag_check" CHECK ("flag" IN (0, 1)),
  "due" INTEGER,
  "at" INTEGER,
  "group" TEXT NOT NULL,
  "meta" TEXT NOT NULL,
  "created_by" TEXT,
  "created_at" INTEGER NOT NULL,
  "updated_at" INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, "id"),
  CONSTRAINT "tasks__project_fkey" FOREIGN KEY (tenant_id, "project") REFERENCES "projects" (tenant_id, "id"),
  CONSTRAINT "tasks__parent_fkey" FOREIGN KEY (tenant_id, "parent") REFERENCES "tasks" (tenant_id, "id")
) STRICT;
CREATE INDEX "tasks__created_at_idx" ON "tasks" (tenant_id, "created_at", "id");
CREATE INDEX "tasks__project_idx" ON "tasks" (tenant_id, "project", "created_at", "id");
CREATE INDEX "tasks__parent_idx" ON "tasks" (tenant_id, "parent", "created_at", "id");
CREATE INDEX "tasks__assignee_idx" ON "tasks" (tenant_id, "assignee", "created_at", "id");
-- {"name":"tasks","fields":[{"name":"assignee","type":"uuid","nullable":true,"ref":"members"},{"name":"at","type":"time","nullable":true},{"name":"created_at","type":"time"},{"name":"created_by","type":"uuid","nullable":true},{"name":"done","type":"boolean"},{"name":"due","type":"date","nullable":true},{"name":"flag","type":"boolean","nullable":true},{"name":"group","type":"text"},{"name":"id","type":"uuid"},{"name":"meta","type":"json"},{"name":"note","type":"text","nullable":true},{"name":"parent","type":"uuid","nullable":true,"ref":"tasks"},{"name":"project","type":"uuid","ref":"projects"},{"name":"rank","type":"integer"},{"name":"score","type":"number","nullable":true},{"name":"size","type":"integer","nullable":true},{"name":"title","type":"text"},{"name":"updated_at","type":"time"}]}

