// A page in development: what goes to /api is the mock's, under the page's own origin, so there is no CORS.
import { defineConfig } from "vite";

export default defineConfig({
  server: {
    proxy: {
      // The Host stays the page's, so Locations lead back through the proxy. /_mock is not proxied: pages need it not.
      "/api": { target: process.env.MOCK_URL ?? "http://127.0.0.1:8080", changeOrigin: false },
    },
  },
});
