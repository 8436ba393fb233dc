// The scenario's personas: lines to copy, and a button that sends them.

function linesOf(persona, world) {
  const url = urlIn(world, persona.path);
  const login = persona.credentials === null ? null : persona.credentials;
  const basic = login === null ? null : `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(login)))}`;
  const headers = { ...(basic ? { Authorization: basic } : {}), "Content-Type": "application/json" };
  const pair = login === null ? null : [login.slice(0, login.indexOf(":")), login.slice(login.indexOf(":") + 1)];
  return {
    url, headers,
    curl: `curl -i -X ${persona.method}${login === null ? "" : ` -u ${quoted(login)}`} -H 'Content-Type: application/json' -d ${quoted(persona.body)} ${quoted(url)}`,
    fetch: `const answer = await fetch(${JSON.stringify(url)}, {\n  method: ${JSON.stringify(persona.method)},\n  headers: ${JSON.stringify(headers)},\n  body: ${JSON.stringify(persona.body)},\n});\nconsole.log(answer.status, answer.headers.get("X-Mock-Reason"));`,
    python: `import httpx\n\nanswer = httpx.request(\n    ${JSON.stringify(persona.method)},\n    ${JSON.stringify(url)},\n    content=${JSON.stringify(persona.body)},\n    headers={"Content-Type": "application/json"},${pair ? `\n    auth=(${JSON.stringify(pair[0])}, ${JSON.stringify(pair[1])}),` : ""}\n)\nprint(answer.status_code, answer.headers.get("X-Mock-Reason"))`,
  };
}

function Personas({ world, turn }) {
  const { value, error } = useLoaded(() => ask("personas", { world }), [world, turn]);
  if (error) return html`<${Problem} text=${error} />`;
  if (!value) return html`<p class="dim">Loading…</p>`;
  if (!value.personas.length) return html`<p>The scenario has no personas.</p>`;
  return html`<p>Each creates a handle service in ${nameOf(world)}; the <a href="#requests">requests</a> say why it may or may not.</p>
    <div class="cards">${value.personas.map((persona) => html`<${PersonaCard} key=${persona.name} persona=${persona} world=${world} />`)}</div>`;
}

function PersonaCard({ persona, world }) {
  const [answer, setAnswer] = useState(null);
  const [form, setForm] = useState("curl");
  const lines = linesOf(persona, world);
  const send = async () => {
    try {
      const came = await fetch(lines.url, { method: persona.method, headers: lines.headers, body: persona.body, credentials: "omit" });
      const reason = came.headers.get("X-Mock-Reason") || came.headers.get("Location") || "";
      setAnswer({ status: came.status, reason, text: await came.text() });
      announce(`${persona.name}: ${came.status} ${reason}`);
    } catch (error) {
      setAnswer({ status: 0, reason: error.message, text: "" });
    }
  };
  return html`<section class="card" aria-label=${persona.name}>
    <h2>${persona.name}</h2>
    <p>${persona.about}<br /><span class=${`dim ${persona.credentials === null ? "" : "mono"}`}>${persona.credentials === null ? "no credentials" : persona.credentials}</span></p>
    <div class="row">
      <button onClick=${send} aria-label=${`Send as ${persona.name}`}>Send</button>
      <span class="dim">copy:</span>
      ${["curl", "fetch", "python"].map((name) => html`<${CopyButton} text=${lines[name]} what=${name === "python" ? "Python" : name} />`)}
    </div>
    ${answer && html`<p role="status"><b class=${classOf(answer.status || 500)}>${answer.status || "no answer"}</b> ${answer.reason}</p>
      ${answer.text && html`<pre tabindex="0">${pretty(answer.text)}</pre>`}`}
    <details><summary>Show the lines</summary>
      <div class="row">${["curl", "fetch", "python"].map((name) => html`<button aria-pressed=${form === name ? "true" : "false"} onClick=${() => setForm(name)}>${name}</button>`)}</div>
      <pre tabindex="0">${lines[form]}</pre></details>
  </section>`;
}
