// One mock and one development server for the whole run; both end with it.
import { createServer } from "vite";
import { startMock } from "./start-mock.mjs";

export default async function globalSetup() {
  const mock = await startMock();
  process.env.MOCK_URL = mock.url;
  const vite = await createServer({ server: { host: "127.0.0.1", port: 0 }, logLevel: "error" });
  await vite.listen();
  process.env.PAGE_URL = `http://127.0.0.1:${vite.httpServer.address().port}/`;
  return async () => {
    await vite.close();
    await mock.stop();
  };
}
