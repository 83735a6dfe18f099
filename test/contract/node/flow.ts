// Uses the types that openapi-typescript makes from the OpenAPI document against a live server. The types are not
// committed: TestTypeScriptClient of the folder above makes them, compiles this and runs it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/schema.js";

type Project = components["schemas"]["Project"];
type Task = components["schemas"]["Task"];
type TaskCreate = components["schemas"]["TaskCreate"];

// What the compiler has to make of the document.
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function isTrue<T extends true>(): T | void {}
isTrue<Same<Task["due_date"], string | null>>();
isTrue<Same<Project["status"], "active" | "completed" | "archived">>();
isTrue<Same<Project["tasks_count"], number>>();
isTrue<Same<undefined extends TaskCreate["description"] ? true : false, true>>();
isTrue<Same<components["schemas"]["ProjectPage"]["next"], string | null>>();
// @ts-expect-error: there is no such status
const wrongStatus: Project["status"] = "lost";
// @ts-expect-error: a task belongs to a project
const wrongTask: TaskCreate = { title: "Without a project" };
void wrongStatus, wrongTask;

function env(name: string): string {
  const value = process.env[name];
  assert.ok(value, `${name} is not set`);
  return value;
}

const api = createClient<paths>({ baseUrl: env("TENANTRY_URL") });

const signedIn = await api.POST("/api/v1/auth/token/", {
  body: { username: env("TENANTRY_USERNAME"), password: env("TENANTRY_PASSWORD"), tenant: env("TENANTRY_TENANT") },
});
assert.ok(signedIn.data, JSON.stringify(signedIn.error));
const { access, tenant } = signedIn.data;
assert.equal(tenant.slug, env("TENANTRY_TENANT"));
api.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${access}`);
    return request;
  },
});

const name = `TypeScript ${randomUUID()}`;
const created = await api.POST("/api/v1/projects/", {
  params: { header: { "Idempotency-Key": name } },
  body: { name },
});
assert.ok(created.data, JSON.stringify(created.error));
const project: Project = created.data;
assert.equal(project.name, name);
assert.equal(project.status, "active");

const task = await api.POST("/api/v1/tasks/", { body: { project: project.id, title: "Read the types" } });
assert.ok(task.data, JSON.stringify(task.error));
assert.equal(task.data.due_date, null);

const listed = await api.GET("/api/v1/projects/", { params: { query: { search: name, status: "active", count: "exact" } } });
assert.ok(listed.data, JSON.stringify(listed.error));
assert.equal(listed.data.count, 1);
assert.equal(listed.data.next, null);
assert.equal(listed.data.results[0]?.id, project.id);

const invalid = await api.POST("/api/v1/projects/", { body: { name: "" } });
assert.equal(invalid.response.status, 422);
assert.equal(invalid.error?.code, "validation_failed");
assert.equal(invalid.error.errors?.[0]?.field, "name");

const missing = await api.GET("/api/v1/projects/{id}/", { params: { path: { id: randomUUID() } } });
assert.equal(missing.response.status, 404);
assert.equal(missing.error?.code, "not_found");

console.log("done");
