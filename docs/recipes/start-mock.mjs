// Starts `ozkit mock` on a free port. Its start prints one line, `listening on http://127.0.0.1:PORT`.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export async function startMock(...options) {
  const child = spawn(process.env.OZKIT ?? "ozkit", ["mock", "--port", "0", "--quiet", ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const failed = new Promise((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`ozkit mock ended with ${code}`)));
  });
  failed.catch(() => {}); // it ends one day
  const started = new Promise((resolve) => createInterface({ input: child.stdout }).once("line", resolve));
  const line = await Promise.race([started, failed]);
  return {
    url: line.replace("listening on ", "").trim(),
    stop: () => (child.kill(), ended),
  };
}
