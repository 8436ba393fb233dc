// Live requests: rows as they come, and all of the one that is chosen.
const ROW_HEIGHT = 30, TALL_ROW_HEIGHT = 50;
const NARROW = matchMedia("(max-width: 760px)");
const MOST_ROWS = 10000;

/** The rows of a world ("*": of every world), kept up to date by the stream of events; `live` says whether it flows. */
function useJournal(world, onRestart) {
  const [rows, setRows] = useState([]);
  const [live, setLive] = useState(false);
  useEffect(() => {
    setRows([]);
    const known = new Map();
    let source, frame = 0, retry = 0, instance = null, over = false;
    const key = (row) => `${row.world} ${row.number}`;
    const show = () => {
      frame = 0;
      for (const first of known.keys()) {
        if (known.size <= MOST_ROWS) break;
        known.delete(first);
      }
      setRows([...known.values()]);
    };
    const soon = () => { frame = frame || requestAnimationFrame(show); };
    const load = async () => {
      const { exchanges } = await ask(`journal?brief=true&limit=${MOST_ROWS}&world=${encodeURIComponent(world)}`);
      if (over) return;
      const newer = [...known.values()];
      known.clear();
      for (const row of exchanges) known.set(key(row), row);
      for (const row of newer) if (!row.pending || !known.has(key(row))) if (row.instance === instance) known.set(key(row), row);
      soon();
    };
    const open = () => {
      source = new EventSource(`${BASE}/_mock/events?world=${encodeURIComponent(world)}`);
      source.addEventListener("hello", (event) => {
        const before = instance;
        instance = JSON.parse(event.data).instance;
        known.clear();
        setLive(true);
        load().catch(() => {});
        if (before && before !== instance) onRestart();
      });
      source.addEventListener("row", (event) => {
        const row = JSON.parse(event.data);
        known.set(key(row), { ...row, instance });
        soon();
      });
      source.addEventListener("reset", (event) => {
        const name = JSON.parse(event.data).world;
        for (const [id, row] of known) if (row.world === name) known.delete(id);
        soon();
        onRestart();
      });
      source.addEventListener("reload", onRestart);
      source.addEventListener("lost", () => load().catch(() => {}));
      source.onerror = () => {
        setLive(false);
        if (source.readyState === EventSource.CLOSED) retry = setTimeout(open, 1000);
      };
    };
    open();
    return () => { over = true; source.close(); clearTimeout(retry); cancelAnimationFrame(frame); };
  }, [world]);
  return { rows, live };
}

/** Whether both are of the same request: a mock that is started again counts anew. */
const isSame = (row, other) => row.number === other.number && row.world === other.world && row.time === other.time;

/** A path with the beginnings of its ids: of what differs between requests, as much as possible is to be seen. */
const shortPath = (path) => path.replace(/\/([0-9a-f]{6})[0-9a-z]{20,}(?=\/|$)/g, "/$1…");

const wordsOf = (row) => `${row.status || "pending"} ${row.method} ${row.path} ${row.user || ""} ${row.reason} ${row.operation || ""} ${row.world}`.toLowerCase();

function Journal({ world, rows, live }) {
  const [sought, setSought] = useState("");
  const [status, setStatus] = useState("");
  const [chosen, setChosen] = useState(null);
  const shown = useMemo(() => {
    const text = sought.trim().toLowerCase();
    const matches = (row) => (!status || String(row.status || "p")[0] === status) && (!text || wordsOf(row).includes(text));
    return sought || status ? rows.filter(matches) : rows;
  }, [rows, sought, status]);
  useLayoutEffect(() => setChosen((row) => (row && (world === "*" || world === row.world) ? row : null)), [world]);
  const same = chosen && shown.findIndex((row) => isSame(row, chosen));
  const place = useRef(null);
  const close = () => {
    setChosen(null);
    place.current.querySelector("[role=listbox]").focus();
  };
  const clear = () => ask("journal", { world, method: "DELETE" }).catch((error) => announce(error.message));
  return html`
    <div class="row">
      <label class="field">Search<input type="search" value=${sought} onInput=${(e) => setSought(e.target.value)} placeholder="path, user, reason" /></label>
      <label class="field">Status<select value=${status} onChange=${(e) => setStatus(e.target.value)}>
        <option value="">all</option>${[2, 3, 4, 5].map((n) => html`<option value=${String(n)}>${n}xx</option>`)}<option value="p">pending</option>
      </select></label>
      <span class="dim">${shown.length === rows.length ? "" : `${shown.length} of `}${counted(rows.length, "request")}</span>
      <a href=${`${BASE}/_mock/journal.har?world=${encodeURIComponent(world)}`} download>Save as HAR</a>
      <button class="danger" onClick=${clear}>Clear</button>
    </div>
    <div class=${`journal ${chosen ? "open" : ""}`} ref=${place}>
      <${Rows} rows=${shown} all=${rows.length} chosen=${same ?? -1} onChoose=${setChosen} />
      ${chosen && html`<${Detail} chosen=${chosen} now=${rows} onClose=${close} />`}
    </div>`;
}

/** A list of which only what can be seen is in the document. It stays at the newest row while it stands there and none is chosen. */
function Rows({ rows, all, chosen, onChoose }) {
  const place = useRef(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const [narrow, setNarrow] = useState(NARROW.matches);
  const atEnd = useRef(true);
  const open = chosen >= 0, each = open || narrow ? TALL_ROW_HEIGHT : ROW_HEIGHT;
  useEffect(() => {
    const measure = () => {
      setNarrow(NARROW.matches);
      if (place.current) setHeight(place.current.clientHeight);
    };
    measure();
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, [open]);
  const show = (at) => {
    const box = place.current, y = at * each;
    if (y < box.scrollTop) box.scrollTop = y;
    if (y + each > box.scrollTop + box.clientHeight) box.scrollTop = y + each - box.clientHeight;
  };
  useLayoutEffect(() => { if (open) show(chosen); }, [open, chosen, each, height]);
  useEffect(() => {
    if (atEnd.current && !open && place.current) place.current.scrollTop = place.current.scrollHeight;
  }, [rows.length, each]);
  const onScroll = (event) => {
    const box = event.currentTarget;
    atEnd.current = box.scrollTop + box.clientHeight >= box.scrollHeight - each;
    setTop(box.scrollTop);
  };
  const go = (at) => {
    const next = Math.max(0, Math.min(rows.length - 1, at));
    if (!rows[next]) return;
    onChoose(rows[next]);
    show(next);
  };
  const onKeyDown = (event) => {
    const page = Math.floor(height / each), at = chosen < 0 ? rows.length : chosen;
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: rows.length - 1 };
    if (event.key === "Escape") onChoose(null);
    else if (event.key in steps) go(steps[event.key]);
    else return;
    event.preventDefault();
  };
  const first = Math.max(0, Math.floor(top / each) - 5), last = Math.min(rows.length, first + Math.ceil(height / each) + 10);
  return html`<div class=${`rows ${each === TALL_ROW_HEIGHT ? "tall" : ""}`} ref=${place} role="listbox" tabindex="0" aria-label="Requests, the newest last" onScroll=${onScroll}
      onKeyDown=${onKeyDown} aria-activedescendant=${chosen >= first && chosen < last ? `row-${chosen}` : undefined}>
    ${rows.length === 0 && html`<p class="dim" style="padding: 0 1rem">${all ? `None of the ${counted(all, "request")} is like that.`
      : html`No requests yet. Send a request as one of the <a href="#personas">personas</a>.`}</p>`}
    <div role="presentation" style=${`height: ${rows.length * each}px`}>
      ${rows.slice(first, last).map((row, at) => html`<${RowLine} key=${`${row.world} ${row.number}`} row=${row} at=${first + at}
        top=${(first + at) * each} count=${rows.length} chosen=${first + at === chosen} onChoose=${onChoose} />`)}
    </div>
  </div>`;
}

const UNASKED = new Set(["override", "prefer", "forward"]);

/** Whether it was looked up who sent a request: answers that were asked for come before that. */
const wasAsked = (row) => !row.pending && !UNASKED.has(row.stage);

/** A path, of which the beginning is cut where there is no room: its end is what tells requests apart. */
function PathText({ row }) {
  const path = shortPath(row.path), at = Math.max(0, path.search(/\/[^/]*(\/[^/]*…[^/]*)?$/));
  return html`<span class="path"><span>${path.slice(0, at)}</span><span>${path.slice(at)}${row.query ? `?${row.query}` : ""}</span></span>`;
}

const timeOf = (row) => new Date(row.time * 1000).toLocaleTimeString("en-GB");

function RowLine({ row, at, top, count, chosen, onChoose }) {
  return html`<div role="option" id=${`row-${at}`} class="mono" style=${`top: ${top}px`} aria-selected=${chosen ? "true" : "false"}
      aria-posinset=${at + 1} aria-setsize=${count} onClick=${() => onChoose(row)} title=${`${row.path}\n${row.reason}`}>
    <span class="time dim">${timeOf(row)}</span>
    <span class=${classOf(row.status)}>${row.status || "···"}</span>
    <span>${row.method}</span>
    <${PathText} row=${row} />
    <span>${row.user || html`<span class="dim">${wasAsked(row) ? "nobody" : "–"}</span>`}</span>
    <span class="took dim">${row.pending ? "pending" : `${row.duration_ms.toFixed(1)} ms`}</span>
    <span class="reason dim">${row.world ? `[${row.world}] ` : ""}${row.reason || (row.route ? `route ${row.route}` : "")}</span>
  </div>`;
}

const LEFT_OUT = /^(host|content-length|connection|accept-encoding|transfer-encoding|user-agent|cookie|x-mock-world|sec-.*)$/;

/** A request as a line for a shell. The journal has no secrets: curl asks for the password. */
function curlOf(row) {
  const headers = row.request.headers.filter(([name, value]) => !LEFT_OUT.test(name) && !value.includes("***"));
  const world = row.path.startsWith("/_world/") ? "" : row.world;
  return [
    `curl -i ${row.method === "HEAD" ? "--head" : `-X ${row.method}`}`,
    ...(row.user ? [`-u ${quoted(row.user)}`] : []),
    ...headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(row.request.body ? [`--data-raw ${quoted(row.request.body)}`] : []),
    quoted(urlIn(world, `${row.path}${row.query ? `?${row.query}` : ""}`)),
  ].join(" ");
}

/** All of a row, asked for when it is chosen, and again when it is over. */
function Detail({ chosen, now, onClose }) {
  const current = now.find((row) => isSame(row, chosen));
  const path = `journal?number=${chosen.number}&world=${encodeURIComponent(chosen.world)}`;
  const { value, error } = useLoaded(() => ask(path), [chosen.world, chosen.number, current && current.pending]);
  const row = value && value.exchanges.find((other) => isSame(other, chosen));
  const onKeyDown = (event) => { if (event.key === "Escape") onClose(); };
  return html`<section class="detail" aria-label="The chosen request" onKeyDown=${onKeyDown}>
    <div class="top"><h2>${chosen.method} ${chosen.path.split(/(?=\/)/).map((part) => html`<wbr />${part}`)}</h2><button onClick=${onClose}>Close</button></div>
    <${Problem} text=${error} />
    ${value && !row && html`<p class="dim">The mock has forgotten this request.</p>`}
    ${row && html`
      <p><b class=${classOf(row.status)}>${row.status || "pending"}</b> to ${row.user || (wasAsked(row) ? "nobody" : "whoever sent it")}${row.operation ? html`, <a href=${`${DOCS}#${row.operation}`}>${row.operation}</a>` : ""}
        <span class="dim">, at ${timeOf(row)}${row.duration_ms === null ? "" : `, ${row.duration_ms.toFixed(2)} ms`}${row.world && `, in the world ${row.world}`}</span></p>
      ${row.reason && html`<p class="notice">${row.reason}</p>`}
      ${row.access && html`<h3>${row.access.allowed ? "Why it was allowed" : "Why it was refused"}</h3>
        ${row.access.changed && html`<p class="notice">The world has changed since: the routes below are as of now.</p>`}
        <${Routes} routes=${row.access.routes} />`}
      ${row.forgotten && html`<p class="notice">Headers and bodies are no longer kept.</p>`}
      <${Side} title="Request" side=${row.request} query=${row.query} />
      ${!row.forgotten && !row.request.truncated && html`<div class="row"><span class="dim">Copy it, without its password, for</span><${CopyButton} text=${curlOf(row)} what="curl" /></div>`}
      <${Side} title="Answer" side=${row.response} />`}
  </section>`;
}

function Side({ title, side, query }) {
  return html`<h3>${title}</h3>
    ${query && html`<pre tabindex="0">?${query}</pre>`}
    <table class="mono"><tbody>${side.headers.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>
    ${side.body ? html`<pre tabindex="0">${pretty(side.body)}</pre>` : html`<p class="dim">no body</p>`}
    ${side.truncated && html`<p class="dim">cut: it had ${side.body_bytes} bytes</p>`}`;
}
