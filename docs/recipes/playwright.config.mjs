import { defineConfig } from "@playwright/test";

export default defineConfig({
  testMatch: "*.spec.mjs",
  globalSetup: "./global-setup.mjs",
  fullyParallel: true,
  workers: process.env.WORKERS ? Number(process.env.WORKERS) : undefined,
  use: {
    launchOptions: {
      executablePath: process.env.CHROMIUM, // undefined: Playwright's own
      args: process.env.CHROMIUM ? ["--no-sandbox"] : [],
    },
  },
});
