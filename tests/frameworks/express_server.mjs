// The documented operation as a team would write it with Express: no catch-all, so other paths and methods get its page.
// `node express_server.mjs WORLD.json` serves on a free port of loopback and prints `listening on URL`.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import express from "express";

const world = JSON.parse(readFileSync(process.argv[2], "utf8"));
const services = new Map(world.groups.map((group) => [group, new Map()]));

const app = express();
app.use(express.json());

class Refusal extends Error {
  constructor(status, id, description) {
    super(description);
    Object.assign(this, { status, id });
  }
}

const authenticate = (req, res, next) => {
  const [scheme, value = ""] = (req.get("Authorization") ?? "").split(" ");
  const [name, ...rest] = Buffer.from(value, "base64").toString().split(":");
  const user = Object.hasOwn(world.users, name) ? world.users[name] : undefined;
  if (scheme !== "Basic" || !user || user.password !== rest.join(":")) {
    res.set("WWW-Authenticate", 'Basic realm="onezone"');
    throw new Refusal(401, "unauthorized", "Who are you?");
  }
  req.user = user;
  next();
};

const group = (req, res, next) => {
  req.services = services.get(req.params.id);
  if (!req.services) throw new Refusal(404, "notFound", "There is no such group.");
  next();
};

const mayCreate = (req, res, next) => {
  const { zone, groups } = req.user;
  const member = (groups[req.params.id] ?? []).includes("group_create_handle_service");
  if (!zone.includes("oz_handle_services_create") || !(member || zone.includes("oz_groups_add_relationships"))) {
    throw new Refusal(403, "forbidden", "You may not.");
  }
  next();
};

const path = "/api/v3/groups/:id/handle_services";

app.post(path, authenticate, group, mayCreate, (req, res) => {
  const { name, proxyEndpoint, serviceProperties } = req.body ?? {};
  if (typeof name !== "string" || !name) throw new Refusal(400, "badName", "name must be a string.");
  if (typeof proxyEndpoint !== "string") throw new Refusal(400, "badEndpoint", "proxyEndpoint must be a string.");
  if (typeof serviceProperties !== "object" || serviceProperties === null || Array.isArray(serviceProperties)) {
    throw new Refusal(400, "badProperties", "serviceProperties must be an object.");
  }
  const id = randomUUID();
  req.services.set(id, { name, proxyEndpoint, serviceProperties });
  res.status(204).location(`${req.protocol}://${req.get("Host")}${req.originalUrl.split("?")[0]}/${id}`).end();
});

app.get(path, authenticate, group, (req, res) => {
  res.json([...req.services.keys()]);
});

app.get(`${path}/:sid`, authenticate, group, (req, res) => {
  const service = req.services.get(req.params.sid);
  if (!service) throw new Refusal(404, "notFound", "There is no such service.");
  res.json({ id: req.params.sid, ...service });
});

app.use((error, req, res, next) => {
  const status = error.status ?? 500;
  res.status(status).json({ error: { id: error.id ?? error.type ?? "error", description: error.message } });
});

const server = app.listen(0, "127.0.0.1", () => {
  process.stdout.write(`listening on http://127.0.0.1:${server.address().port}/api/v3\n`);
});
