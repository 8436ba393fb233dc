import { beforeEach, expect, inject, test } from "vitest";
import { createService } from "./services.mjs";

const mock = `${inject("mockUrl")}/_world/worker-${process.env.VITEST_POOL_ID}`;
const baseUrl = `${mock}/api/v3`;
const group = "4ebd9efd1e67f6c18695db1d762a914a";
const as = (name) => ({ Authorization: `Basic ${btoa(`${name}:${name}-password`)}` });
const put = (path, body) => fetch(`${mock}/_mock/${path}`, { method: "PUT", body: JSON.stringify(body) });

beforeEach(() => fetch(`${mock}/_mock/reset`, { method: "POST" }));

test("a service is created, and its Location can be fetched", async () => {
  const created = await createService(baseUrl, group, as("adam"));
  expect(created.status).toBe(204);
  const service = await fetch(created.headers.get("Location"), { headers: as("adam") });
  expect((await service.json()).name).toBe("My service");
});

test("twice 503 with Retry-After, then as usual", async () => {
  await put("overrides", { times: 2, then: { status: 503, headers: { "Retry-After": "0" } } });
  expect((await createService(baseUrl, group, as("adam"))).status).toBe(204);
  const { exchanges } = await (await fetch(`${mock}/_mock/journal`)).json();
  expect(exchanges.map((row) => row.status)).toEqual([503, 503, 204]);
});

test("a refusal says what was missing", async () => {
  const refused = await createService(baseUrl, group, as("otto"));
  expect(refused.status).toBe(403);
  expect(refused.headers.get("X-Mock-Reason")).toContain("oz_handle_services_create");
});
