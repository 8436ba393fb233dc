// A short story with the types of openapi-typescript and the calls of openapi-fetch. Run as `node story.js BASE_URL`.
import assert from "node:assert/strict";
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./onezone.js";

type Schemas = components["schemas"];
type Onezone = Client<paths>;

const properties: Schemas["DOIServiceProperties"] = {
  type: "DOI",
  host: "https://mds.test.datacite.org",
  doiEndpoint: "/doi",
  metadataEndpoint: "/metadata",
  mediaEndpoint: "/media",
  prefix: "10.5072",
  username: "alice",
  password: "pa$$word",
};
const service: Schemas["HandleServiceCreateRequest"] = {
  name: "Story service",
  proxyEndpoint: "https://proxy.example.org",
  serviceProperties: properties,
};

function logIn(baseUrl: string, name: string, password: string): Onezone {
  const Authorization = `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
  return createClient<paths>({ baseUrl, headers: { Authorization } });
}

/** The id at the end of the Location. */
function made(response: Response, status: number): string {
  assert.equal(response.status, status);
  return response.headers.get("Location")?.split("/").at(-1) ?? assert.fail("there is no Location");
}

function refused(answer: { error?: Schemas["Error"]; response: Response }, status: number): Schemas["ErrorObject"] {
  assert.equal(answer.response.status, status);
  assert.ok(answer.error?.error.description);
  return answer.error.error;
}

/** Make a group, and one user who may create services for it. */
async function prepare(admin: Onezone): Promise<{ group: string; other: string }> {
  const group = made((await admin.POST("/groups", { body: { name: "Story", type: "unit" } })).response, 201);
  const person = { username: "storyteller", fullName: "Story Teller", password: "a-long-password" };
  const user = made((await admin.POST("/users", { body: person })).response, 201);

  const params = { path: { id: user } };
  const granted = await admin.PATCH("/users/{id}/privileges", { params, body: { grant: ["oz_handle_services_create"] } });
  assert.equal(granted.response.status, 204);
  const held = await admin.GET("/users/{id}/privileges", { params });
  assert.deepEqual(held.data?.privileges, ["oz_handle_services_create"]);

  const joined = await admin.PUT("/groups/{id}/users/{uid}", {
    params: { path: { id: group, uid: user } },
    body: { privileges: ["group_view", "group_create_handle_service"] },
  });
  assert.equal(made(joined.response, 201), user);
  const other = made((await admin.POST("/groups", { body: { name: "Other" } })).response, 201);
  return { group, other };
}

/** Create a service, and find in it what was sent. */
async function createAndRead(client: Onezone, group: string): Promise<void> {
  const params = { path: { id: group } };
  const created = await client.POST("/groups/{id}/handle_services", { params, body: service });
  const hsid = made(created.response, 204);

  const { data } = await client.GET("/groups/{id}/handle_services/{hsid}", { params: { path: { id: group, hsid } } });
  assert.ok(data);
  assert.deepEqual([data.handleServiceId, data.name, data.creator?.type], [hsid, "Story service", "user"]);
  const read: Schemas["HandleServiceProperties"] = data.serviceProperties;
  assert.deepEqual(read, properties);

  const listed = await client.GET("/groups/{id}/handle_services", { params });
  assert.deepEqual(listed.data?.handle_services, [hsid]);
}

/** Each refusal is an Error with an id and a description. */
async function beRefused(client: Onezone, stranger: Onezone, group: string, other: string): Promise<void> {
  const create = (who: Onezone, id: string, body: Schemas["HandleServiceCreateRequest"]) =>
    who.POST("/groups/{id}/handle_services", { params: { path: { id } }, body });
  assert.equal(refused(await create(client, other, service), 403).id, "forbidden");
  assert.equal(refused(await create(stranger, group, service), 401).id, "unauthorized");
  const nowhere = { params: { path: { id: group, hsid: "f".repeat(32) } } };
  assert.equal(refused(await client.GET("/groups/{id}/handle_services/{hsid}", nowhere), 404).id, "notFound");

  // @ts-expect-error  a name is a string
  const error = refused(await create(client, group, { ...service, name: 7 }), 400);
  assert.equal(error.id, "badValueString");
  assert.deepEqual(error.details, { key: "name" });
}

/** What the types refuse. It is compiled and never run: each mistake has to be one, or the compiler complains. */
export async function mistakes(client: Onezone): Promise<void> {
  const params = { path: { id: "a group" } };
  // @ts-expect-error  the body is required
  await client.POST("/groups/{id}/handle_services", { params });
  // @ts-expect-error  the path parameter is required
  await client.GET("/groups/{id}");
  // @ts-expect-error  there is no such path
  await client.GET("/nowhere");
  // @ts-expect-error  that is a privilege in a group
  await client.PATCH("/users/{id}/privileges", { params, body: { grant: ["group_view"] } });
  // @ts-expect-error  the proxy endpoint is required
  await client.POST("/groups/{id}/handle_services", { params, body: { name: "x", serviceProperties: properties } });
  // @ts-expect-error  there is no such kind of group
  await client.PATCH("/groups/{id}", { params, body: { type: "crowd" } });
  // These are fine: neither the body of a new member nor any of its keys is required.
  await client.PUT("/groups/{id}/users/{uid}", { params: { path: { id: "a group", uid: "a user" } } });
  await client.PUT("/groups/{id}/users/{uid}", { params: { path: { id: "a group", uid: "a user" } }, body: {} });
}

const baseUrl = process.argv[2] ?? assert.fail("which base URL?");
const { group, other } = await prepare(logIn(baseUrl, "adam", "adam-password"));
const user = logIn(baseUrl, "storyteller", "a-long-password");
await createAndRead(user, group);
await beRefused(user, logIn(baseUrl, "storyteller", "wrong-password"), group, other);
console.log("the story has ended well");
