import { randomUUID } from "node:crypto";
import { test as base, expect } from "@playwright/test";

// A world for each test: whatever the page, or the test itself, asks of the mock goes there.
const test = base.extend({
  extraHTTPHeaders: async ({}, use) => use({ "X-Mock-World": `test-${randomUUID()}` }),
  mock: async ({ request }, use) => use((method, path, data) => request.fetch(`${process.env.MOCK_URL}/_mock/${path}`, { method, data })),
});

for (const turn of [1, 2, 3, 4]) {
  test(`tests at the same time do not undo each other (${turn})`, async ({ page, mock }) => {
    await mock("POST", "reset");
    await page.goto(process.env.PAGE_URL);
    await page.click("#create");
    await expect(page.locator("#result")).toContainText(`204 ${new URL(process.env.PAGE_URL).origin}/api/`);
    const { handle_services } = await (await mock("GET", "world")).json();
    expect(handle_services).toHaveLength(2); // the demo's, and the one of this test
  });
}

test("a page tries again after 503", async ({ page, mock }) => {
  await mock("PUT", "overrides", { times: 2, then: { status: 503, headers: { "Retry-After": "0" } } });
  await page.goto(process.env.PAGE_URL);
  await page.click("#create");
  await expect(page.locator("#result")).toContainText("204");
  const { exchanges } = await (await mock("GET", "journal")).json();
  expect(exchanges.map((row) => row.status)).toEqual([503, 503, 204]);
});

test("a refusal says what was missing", async ({ page }) => {
  await page.goto(process.env.PAGE_URL);
  await page.fill("#user", "otto");
  await page.click("#create");
  await expect(page.locator("#result")).toContainText("403");
  await expect(page.locator("#result")).toContainText("oz_handle_services_create");
});
