-- nothing

-- new columns
ALTER TABLE tenant."notes" ADD COLUMN "code" text COLLATE "C";
CREATE UNIQUE INDEX "notes__code_key" ON tenant."notes" (tenant_id, "code");
ALTER TABLE tenant."notes" ADD COLUMN "done" boolean NOT NULL DEFAULT false;
ALTER TABLE tenant."notes" ADD COLUMN "who" text COLLATE "C" NOT NULL DEFAULT 'it''s me';

-- no longer unique
DROP INDEX tenant."notes__title_key";

-- wider
ALTER TABLE tenant."notes" ALTER COLUMN "status" DROP NOT NULL;
ALTER TABLE tenant."notes" DROP CONSTRAINT "notes__status_check";
ALTER TABLE tenant."notes" ADD CONSTRAINT "notes__status_check" CHECK ("status" IN ('a', 'b'));

-- a new reference
ALTER TABLE tenant."notes" ADD COLUMN "parent" uuid;
ALTER TABLE tenant."notes" ADD CONSTRAINT "notes__parent_fkey" FOREIGN KEY (tenant_id, "parent") REFERENCES tenant."notes" (tenant_id, "id");
CREATE INDEX "notes__parent_idx" ON tenant."notes" (tenant_id, "parent", "id");

