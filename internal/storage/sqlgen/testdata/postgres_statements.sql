-- get with a count
SELECT t."id", t."name", t."code", t."description", t."status", (SELECT count(*) FROM tenant."tasks" AS d WHERE d.tenant_id = $1 AND d."project" = t."id"), t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."projects" AS t WHERE t.tenant_id = $1 AND t."id" = $2;
-- uuid, uuid

-- get with a look-up and a lock
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND t."id" = $2 FOR UPDATE OF t;
-- uuid, uuid

-- get an event
SELECT t."id", t."seq", t."at", t."actor", t."action", t."resource", t."record", t."changes", t."request_id", t."ip", t."hash", t."actor_id", 1 FROM tenant."events" AS t WHERE t.tenant_id = $1 AND t."id" = $2;
-- uuid, uuid

-- list first page
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 ORDER BY t."created_at" DESC, t."id" DESC LIMIT $2;
-- uuid, integer

-- list next page, one direction
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND (t."created_at", t."id") < ($2, $3) ORDER BY t."created_at" DESC, t."id" DESC LIMIT $4;
-- uuid, time, uuid, integer

-- list previous page, one direction
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND (t."created_at", t."id") > ($2, $3) ORDER BY t."created_at", t."id" LIMIT $4;
-- uuid, time, uuid, integer

-- list next page, two directions
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND t."title" >= $2 AND ((t."title" > $2) OR (t."title" = $2 AND t."id" < $3)) ORDER BY t."title", t."id" DESC LIMIT $4;
-- uuid, text, uuid, integer

-- list next page, a nullable key rising
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND (((t."due" > $2 OR t."due" IS NULL)) OR (t."due" = $2 AND t."id" > $3)) ORDER BY t."due", t."id" LIMIT $4;
-- uuid, date, uuid, integer

-- list next page, a nullable key falling
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND t."due" <= $2 AND ((t."due" < $2) OR (t."due" = $2 AND t."id" > $3)) ORDER BY t."due" DESC, t."id" LIMIT $4;
-- uuid, date, uuid, integer

-- list next page behind null, rising
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND t."due" IS NULL AND ((t."due" IS NULL AND t."id" > $2)) ORDER BY t."due", t."id" LIMIT $3;
-- uuid, uuid, integer

-- list next page behind null, falling
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND ((t."due" IS NOT NULL) OR (t."due" IS NULL AND t."id" > $2)) ORDER BY t."due" DESC, t."id" LIMIT $3;
-- uuid, uuid, integer

-- list three keys
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND t."title" <= $2 AND ((t."title" < $2) OR (t."title" = $2 AND (t."due" > $3 OR t."due" IS NULL)) OR (t."title" = $2 AND t."due" = $3 AND t."id" > $4)) ORDER BY t."title" DESC, t."due", t."id" LIMIT $5;
-- uuid, text, date, uuid, integer

-- list by derived fields
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND ((SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."id") > ($2, $3) ORDER BY (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."id" LIMIT $4;
-- uuid, text, uuid, integer

-- list by a count
SELECT t."id", t."name", t."code", t."description", t."status", (SELECT count(*) FROM tenant."tasks" AS d WHERE d.tenant_id = $1 AND d."project" = t."id"), t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."projects" AS t WHERE t.tenant_id = $1 AND (SELECT count(*) FROM tenant."tasks" AS d WHERE d.tenant_id = $1 AND d."project" = t."id") <= $2 AND (((SELECT count(*) FROM tenant."tasks" AS d WHERE d.tenant_id = $1 AND d."project" = t."id") < $2) OR ((SELECT count(*) FROM tenant."tasks" AS d WHERE d.tenant_id = $1 AND d."project" = t."id") = $2 AND t."id" > $3)) ORDER BY (SELECT count(*) FROM tenant."tasks" AS d WHERE d.tenant_id = $1 AND d."project" = t."id") DESC, t."id" LIMIT $4;
-- uuid, integer, uuid, integer

-- list numbered page with locks
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 ORDER BY t."id" LIMIT $2 OFFSET $3 FOR UPDATE OF t;
-- uuid, integer, integer

-- list search
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND (strpos(platform.fold(t."title"), platform.fold($2)) > 0 OR strpos(platform.fold(t."note"), platform.fold($2)) > 0) AND (strpos(platform.fold(t."title"), platform.fold($3)) > 0 OR strpos(platform.fold(t."note"), platform.fold($3)) > 0) ORDER BY t."id" LIMIT $4;
-- uuid, text, text, integer

-- list search where nothing may be searched
SELECT t."id", t."seq", t."at", t."actor", t."action", t."resource", t."record", t."changes", t."request_id", t."ip", t."hash", t."actor_id", 1 FROM tenant."events" AS t WHERE t.tenant_id = $1 AND (CAST($2 AS text) IS NULL) ORDER BY t."id" LIMIT $3;
-- uuid, text, integer

-- list by ids
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND t."id" = ANY(CAST(string_to_array($2, ',') AS uuid[])) ORDER BY t."id" LIMIT $3;
-- uuid, text, integer

-- list where equal
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND t."note" = $2 AND (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project") = $3 ORDER BY t."id" LIMIT $4;
-- uuid, text, text, integer

-- list where in
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND t."note" IN ($2, $3, $4, $5) AND (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project") IN ($6, $7, $8, $9) ORDER BY t."id" LIMIT $10;
-- uuid, text, text, text, text, text, text, text, text, integer

-- list where gt
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND t."note" > $2 AND (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project") > $3 ORDER BY t."id" LIMIT $4;
-- uuid, text, text, integer

-- list where gte
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND t."note" >= $2 AND (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project") >= $3 ORDER BY t."id" LIMIT $4;
-- uuid, text, text, integer

-- list where lt
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND t."note" < $2 AND (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project") < $3 ORDER BY t."id" LIMIT $4;
-- uuid, text, text, integer

-- list where lte
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND t."note" <= $2 AND (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project") <= $3 ORDER BY t."id" LIMIT $4;
-- uuid, text, text, integer

-- list where icontains
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND strpos(platform.fold(t."note"), platform.fold($2)) > 0 AND strpos(platform.fold((SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project")), platform.fold($3)) > 0 ORDER BY t."id" LIMIT $4;
-- uuid, text, text, integer

-- list where isnull
SELECT t."id", t."project", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), t."parent", t."assignee", t."title", t."note", t."rank", t."size", t."score", t."done", t."flag", t."due", t."at", t."group", t."meta", t."created_by", t."created_at", t."updated_at", t."version" FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND t."note" IS NULL AND (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project") IS NULL ORDER BY t."id" LIMIT $2;
-- uuid, integer

-- count
SELECT count(*) FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND t."done" = $2 AND (strpos(platform.fold(t."title"), platform.fold($3)) > 0 OR strpos(platform.fold(t."note"), platform.fold($3)) > 0);
-- uuid, boolean, text

-- aggregate
SELECT count(*), CAST(0 AS bigint), CAST(0 AS bigint) FROM tenant."tasks" AS t WHERE t.tenant_id = $1;
-- uuid

-- aggregate in groups
SELECT t."title", (SELECT d."name" FROM tenant."projects" AS d WHERE d.tenant_id = $1 AND d."id" = t."project"), count(*), CAST(least(greatest(coalesce(sum(t."size"), 0), -9223372036854775808), 9223372036854775807) AS bigint), count(DISTINCT t."project") FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND t."done" = $2 GROUP BY 1, 2;
-- uuid, boolean

-- insert
INSERT INTO tenant."tasks" (tenant_id, "id", "project", "parent", "assignee", "title", "note", "rank", "size", "score", "done", "flag", "due", "at", "group", "meta", "created_by", "created_at", "updated_at", version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20);
-- uuid, uuid, uuid, uuid, uuid, text, text, integer, integer, number, boolean, boolean, date, time, text, json, uuid, time, time, integer

-- insert an event
INSERT INTO tenant."events" (tenant_id, "id", "seq", "at", "actor", "action", "resource", "record", "changes", "request_id", "ip", "hash", "actor_id") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);
-- uuid, uuid, integer, time, json, text, text, uuid, json, text, text, text, uuid

-- update
UPDATE tenant."tasks" AS t SET "project" = $2, "parent" = $3, "assignee" = $4, "title" = $5, "note" = $6, "rank" = $7, "size" = $8, "score" = $9, "done" = $10, "flag" = $11, "due" = $12, "at" = $13, "group" = $14, "meta" = $15, "created_by" = $16, "created_at" = $17, "updated_at" = $18, version = $19 WHERE t.tenant_id = $1 AND t."id" = $20 AND t."version" = $21;
-- uuid, uuid, uuid, uuid, text, text, integer, integer, number, boolean, boolean, date, time, text, json, uuid, time, time, integer, uuid, integer

-- delete
DELETE FROM tenant."tasks" AS t WHERE t.tenant_id = $1 AND t."id" = ANY(CAST(string_to_array($2, ',') AS uuid[]));
-- uuid, text

-- exists
SELECT 1 FROM tenant."projects" AS t WHERE t.tenant_id = $1 AND t."id" = $2 FOR KEY SHARE OF t;
-- uuid, uuid

-- taken
SELECT 1 FROM tenant."projects" AS t WHERE t.tenant_id = $1 AND t."name" = $2 AND t."id" <> $3 LIMIT 1;
-- uuid, text, uuid

-- size
SELECT CAST(coalesce(sum(28 + pg_column_size(t.tenant_id) + pg_column_size(t.version) + coalesce(pg_column_size(t."id"), 0) + coalesce(pg_column_size(t."project"), 0) + coalesce(pg_column_size(t."parent"), 0) + coalesce(pg_column_size(t."assignee"), 0) + coalesce(pg_column_size(t."title"), 0) + coalesce(pg_column_size(t."note"), 0) + coalesce(pg_column_size(t."rank"), 0) + coalesce(pg_column_size(t."size"), 0) + coalesce(pg_column_size(t."score"), 0) + coalesce(pg_column_size(t."done"), 0) + coalesce(pg_column_size(t."flag"), 0) + coalesce(pg_column_size(t."due"), 0) + coalesce(pg_column_size(t."at"), 0) + coalesce(pg_column_size(t."group"), 0) + coalesce(pg_column_size(t."meta"), 0) + coalesce(pg_column_size(t."created_by"), 0) + coalesce(pg_column_size(t."created_at"), 0) + coalesce(pg_column_size(t."updated_at"), 0)), 0) AS bigint) FROM tenant."tasks" AS t WHERE t.tenant_id = $1;
-- uuid

-- size of the events
SELECT CAST(coalesce(sum(28 + pg_column_size(t.tenant_id) + coalesce(pg_column_size(t."id"), 0) + coalesce(pg_column_size(t."seq"), 0) + coalesce(pg_column_size(t."at"), 0) + coalesce(pg_column_size(t."actor"), 0) + coalesce(pg_column_size(t."action"), 0) + coalesce(pg_column_size(t."resource"), 0) + coalesce(pg_column_size(t."record"), 0) + coalesce(pg_column_size(t."changes"), 0) + coalesce(pg_column_size(t."request_id"), 0) + coalesce(pg_column_size(t."ip"), 0) + coalesce(pg_column_size(t."hash"), 0) + coalesce(pg_column_size(t."actor_id"), 0)), 0) AS bigint) FROM tenant."events" AS t WHERE t.tenant_id = $1;
-- uuid

