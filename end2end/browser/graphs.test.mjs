// Figures as DOT and Mermaid, read by the programs that they are for: nothing is lost, and no name becomes a command.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { browser, folder, open, stage, start } from './stage.mjs';

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
