// The client under test: creates a handle service, and tries again where the server asks for it.
export async function createService(baseUrl, group, headers = {}, tries = 3) {
  const body = { name: "My service", proxyEndpoint: "https://proxy.example.org", serviceProperties: { type: "DOI" } };
  const answer = await fetch(`${baseUrl}/groups/${group}/handle_services`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  if (answer.status === 503 && tries > 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000 * Number(answer.headers.get("Retry-After") ?? 1)));
    return createService(baseUrl, group, headers, tries - 1);
  }
  return answer;
}
