// One mock for the whole run; each test file is a worker, with a world of its own.
import { startMock } from "./start-mock.mjs";

export default async function setup(project) {
  const mock = await startMock();
  project.provide("mockUrl", mock.url);
  return mock.stop;
}
