-- nothing

-- new columns
ALTER TABLE "notes" ADD COLUMN "code" TEXT;
CREATE UNIQUE INDEX "notes__code_key" ON "notes" (tenant_id, "code");
ALTER TABLE "notes" ADD COLUMN "done" INTEGER NOT NULL CONSTRAINT "notes__done_check" CHECK ("done" IN (0, 1)) DEFAULT 0;
ALTER TABLE "notes" ADD COLUMN "who" TEXT NOT NULL DEFAULT 'it''s me';

-- no longer unique
DROP INDEX "notes__title_key";

-- wider
CREATE TABLE "rebuilt__notes" (
  tenant_id TEXT NOT NULL CHECK (tenant_id = '0193a8b2-7c00-7000-8000-000000000001'),
  "id" TEXT NOT NULL,
  "title" TEXT NOT NULL,
  "status" TEXT CONSTRAINT "notes__status_check" CHECK ("status" IN ('a', 'b')),
  version INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, "id")
) STRICT;
INSERT INTO "rebuilt__notes" (tenant_id, "id", "title", "status", version) SELECT tenant_id, "id", "title", "status", version FROM "notes";
DROP TABLE "notes";
ALTER TABLE "rebuilt__notes" RENAME TO "notes";
CREATE UNIQUE INDEX "notes__title_key" ON "notes" (tenant_id, "title");

-- a new reference
CREATE TABLE "rebuilt__notes" (
  tenant_id TEXT NOT NULL CHECK (tenant_id = '0193a8b2-7c00-7000-8000-000000000001'),
  "id" TEXT NOT NULL,
  "title" TEXT NOT NULL,
  "status" TEXT NOT NULL CONSTRAINT "notes__status_check" CHECK ("status" IN ('a')),
  "parent" TEXT,
  version INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, "id"),
  CONSTRAINT "notes__parent_fkey" FOREIGN KEY (tenant_id, "parent") REFERENCES "notes" (tenant_id, "id")
) STRICT;
INSERT INTO "rebuilt__notes" (tenant_id, "id", "title", "status", "parent", version) SELECT tenant_id, "id", "title", "status", NULL, version FROM "notes";
DROP TABLE "notes";
ALTER TABLE "rebuilt__notes" RENAME TO "notes";
CREATE UNIQUE INDEX "notes__title_key" ON "notes" (tenant_id, "title");
CREATE INDEX "notes__parent_idx" ON "notes" (tenant_id, "parent", "id");

