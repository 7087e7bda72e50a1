// Figures as DOT and Mermaid, read by the programs that they are for: nothing is lost, and no name becomes a command.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { browser, folder, open, stage, start } from './stage.mjs';

const HOSTILE = ['a"]; b -> c [label="', 'x"]\nclick n0 call alert()', 'back\\slash\\', '\\N\\G\\l', '<script>alert(1)</script>',
  '&lt;b&gt;&quot;', '#quot;#59;', '`{}|', 'end', 'subgraph', '%%{init: {}}%%', '---', 'é日本', '{"x": [1]}'];
const FIGURES = ['architecture', 'networking'];
const mermaid = fileURLToPath(new URL('../node_modules/mermaid/dist/mermaid.min.js', import.meta.url));
let chromium, page;

before(async () => {
  chromium = await browser();
  page = await open(chromium, 'about:blank');
  await page.addScriptTag({ path: mermaid });
  await page.evaluate(() => globalThis.mermaid.initialize({ startOnLoad: false }));
});
after(async () => { await chromium?.close(); });

async function written(url, cluster, figure, ending) {
  const answer = await fetch(`${url}/api/v1/clusters/${cluster}/diagrams/${figure}.${ending}`);
  assert.equal(answer.status, 200, `${figure}.${ending}`);
  return answer.text();
}

const dot = (form, text) => execFileSync('dot', [`-T${form}`], { input: text, encoding: 'utf8', maxBuffer: 1 << 28 });

// Boxes' labels and arrows, as Graphviz understood them.
function graphviz(text) {
  const { objects, edges = [] } = JSON.parse(dot('dot_json', text));
  const boxes = objects.filter((thing) => !thing.nodes && !thing.name.startsWith('cluster_'));
  return { labels: boxes.map((box) => box.label), arrows: edges.length };
}

// The same, as Mermaid did; `#34;` is kept in another writing until it is drawn.
const understood = (text) => page.evaluate(async (text) => {
  await globalThis.mermaid.parse(text);
  const { db } = await globalThis.mermaid.mermaidAPI.getDiagramFromText(text);
  const plain = (label) => label.replace(/ﬂ°°(\d+)¶ß/g, (_, code) => String.fromCodePoint(Number(code)));
  const vertices = [...db.getVertices().values()];
  return { labels: vertices.map((vertex) => plain(vertex.text)), arrows: db.getEdges().length, clicks: vertices.filter((v) => v.link || v.haveCallback).length };
}, text);

const shown = (text) => page.evaluate(async (text) => {
  const { svg } = await globalThis.mermaid.render('drawn', text);
  const drawn = new DOMParser().parseFromString(svg, 'text/html');
  return { text: drawn.documentElement.textContent, scripts: drawn.querySelectorAll('script, [onclick], a').length };
}, text);

test('the built-in cluster is one graph to Graphviz and to Mermaid', async () => {
  const server = await start(['serve', '--demo', '--listen', '127.0.0.1:0', '--data', folder()]);
  try {
    for (const figure of FIGURES) {
      const read = graphviz(await written(server.url, 'demo', figure, 'dot'));
      assert.ok(read.labels.length > 20 && read.arrows > 5, JSON.stringify(read));
      const text = await written(server.url, 'demo', figure, 'mmd');
      const other = await understood(text);
      assert.ok(other.labels.length > 20 && other.arrows > 5, JSON.stringify(other));
      const { text: drawn } = await shown(text);
      for (const label of other.labels) assert.ok(drawn.includes(label), label);
      assert.match(dot('svg', await written(server.url, 'demo', figure, 'dot')), /<\/svg>/);
    }
  } finally {
    await server.stop();
  }
});

test('a thousand nodes are no more than either draws, and what is left out is counted', async () => {
  const lab = await stage({ nodes: 1_000, pods: 20_000 });
  try {
    for (const figure of FIGURES) {
      const read = graphviz(await written(lab.url, 'lab', figure, 'dot'));
      assert.ok(read.labels.some((label) => label.startsWith('800 more nodes')), figure);
      const text = await written(lab.url, 'lab', figure, 'mmd');
      const other = await understood(text);
      assert.ok(text.length <= 50_000 && other.arrows <= 500, `${text.length}, ${other.arrows}`);
      if (other.arrows < read.arrows) assert.match(other.labels.at(-1), /^Not shown: \d+ things, \d+ arrows$/);
    }
  } finally {
    await lab.stop();
  }
});

// Between Binnacle and a cluster that would take no such name: things called hostile-N come by as the Nth of them.
async function renaming(target) {
  const renamed = (text) => text.replace(/hostile-(\d+)x/g, (_, n) => JSON.stringify(HOSTILE[n]).slice(1, -1));
  const server = createServer((asked, answer) => {
    const { hostname, port } = new URL(target);
    const onward = request({ hostname, port, path: asked.url, method: asked.method, headers: { ...asked.headers, 'accept-encoding': 'identity' } }, (told) => {
      const { 'content-length': _, ...headers } = told.headers;
      answer.writeHead(told.statusCode, headers);
      // What comes later is of no interest.
      if (asked.url.includes('watch=')) return told.pipe(answer);
      let whole = '';
      told.setEncoding('utf8').on('data', (text) => { whole += text; }).on('end', () => answer.end(renamed(whole)));
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    asked.pipe(onward);
  });
  await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => { server.closeAllConnections(); server.close(); } };
}

test('no name becomes anything else than a name', async () => {
  const data = folder();
  const lab = await stage({ data });
  const between = await renaming(lab.api.url);
  let server;
  try {
    for (const n of HOSTILE.keys()) {
      await lab.pod(`hostile-${n}x`, 'host4');
      await lab.call('POST', '/api/v1/namespaces/default/services', {
        apiVersion: 'v1', kind: 'Service', metadata: { name: `hostile-${n}x` }, spec: { ports: [{ port: 80 }], selector: { app: 'none' } },
      });
    }
    const kubeconfig = join(data, 'between');
    writeFileSync(kubeconfig, JSON.stringify({
      apiVersion: 'v1', kind: 'Config', 'current-context': 'lab', users: [{ name: 'u', user: {} }],
      clusters: [{ name: 'c', cluster: { server: between.url } }], contexts: [{ name: 'lab', context: { cluster: 'c', user: 'u' } }],
    }));
    server = await start(['serve', '--listen', '127.0.0.1:0', '--data', join(data, 'other'), '--kubeconfig', kubeconfig]);
    // Control characters are written as spaces.
    const named = (name) => `default/${name.replace(/\p{Cc}/gu, ' ')}`;
    const entities = { amp: '&', lt: '<', gt: '>', quot: '"', '#45': '-', '#39': "'", '#160': ' ' };
    const pods = () => fetch(`${server.url}/api/v1/clusters/lab/pods?limit=1000`).then((answer) => answer.text());
    for (let n = 0; n < 100 && !(await pods()).includes('subgraph'); n += 1) await new Promise((done) => setTimeout(done, 100));
    for (const figure of FIGURES) {
      const [text, source] = [await written(server.url, 'lab', figure, 'mmd'), await written(server.url, 'lab', figure, 'dot')];
      const [other, read] = [await understood(text), graphviz(source)];
      const texts = [...dot('svg', source).matchAll(/<text[^>]*>([^<]*)<\/text>/g)]
        .map(([, label]) => label.replace(/&(#?\w+);/g, (_, name) => entities[name] ?? `&${name};`));
      for (const name of HOSTILE) {
        const has = (labels) => labels.some((label) => label.startsWith(named(name)));
        assert.ok(has(other.labels), `Mermaid, ${figure}: ${name}\n${other.labels.join('\n')}`);
        assert.ok(has(texts), `Graphviz, ${figure}: ${name}\n${texts.join('\n')}`);
      }
      assert.deepEqual([other.labels.length, other.arrows], [read.labels.length, read.arrows], figure);
      assert.deepEqual([other.clicks, (await shown(text)).scripts], [0, 0], figure);
    }
  } finally {
    await server?.stop();
    between.stop();
    await lab.stop();
  }
});
