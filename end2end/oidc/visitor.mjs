// A person's browser over plain HTTP: it keeps cookies, goes where it is sent, and fills in forms.
import assert from 'node:assert/strict';

const ENTITIES = { '&amp;': '&', '&quot;': '"', '&#39;': "'", '&#x27;': "'", '&lt;': '<', '&gt;': '>' };
const plain = (text) => text.replace(/&(?:amp|quot|#39|#x27|lt|gt);/g, (entity) => ENTITIES[entity]);
const attribute = (tag, name) => {
  const [, quoted, bare] = new RegExp(`\\s${name}=(?:"([^"]*)"|([^\\s>]+))`).exec(tag) ?? [];
  return quoted === undefined ? bare : plain(quoted);
};

// The form of a page that has such a text in it: where it goes, and what it sends by itself.
function form(page, mark) {
  const forms = [...page.text.matchAll(/<form[^>]*>[\s\S]*?<\/form>/g)].map(([text]) => text);
  const found = forms.find((text) => text.includes(mark));
  assert.ok(found, `no form with ${mark} at ${page.url} (${page.status}): ${page.text.slice(0, 2000)}`);
  const sent = {};
  for (const [tag] of found.matchAll(/<input[^>]*>/g)) {
    if (attribute(tag, 'type') === 'hidden') sent[attribute(tag, 'name')] = attribute(tag, 'value') ?? '';
  }
  return { to: new URL(attribute(found, 'action') ?? page.url, page.url).href, sent };
}

export function visitor(cookies = new Map()) {
  function keep(url, lines) {
    for (const line of lines) {
      const [pair, ...rest] = line.split(/;\s*/);
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      const told = Object.fromEntries(rest.map((part) => part.split('=')).map(([key, text = '']) => [key.toLowerCase(), text]));
      const path = told.path ?? new URL(url).pathname.replace(/[^/]*$/, '');
      const over = told['max-age'] === '0' || Date.parse(told.expires) < Date.now();
      if (over) cookies.delete(`${name} ${path}`);
      else cookies.set(`${name} ${path}`, { name, value, path });
    }
  }

  const sent = (url) => [...cookies.values()].filter(({ path }) => new URL(url).pathname.startsWith(path))
    .map(({ name, value }) => `${name}=${value}`).join('; ');

  // Where a page is at last, after every redirect.
  async function go(address, fields) {
    let [url, body] = [address, fields && new URLSearchParams(fields)];
    const ways = [];
    for (let hop = 0; hop < 15; hop += 1) {
      ways.push(url);
      const origin = body && { origin: new URL(url).origin };
      const answer = await fetch(url, {
        method: body ? 'POST' : 'GET', redirect: 'manual', body, signal: AbortSignal.timeout(60_000), headers: { cookie: sent(url), accept: 'text/html', ...origin },
      });
      keep(url, answer.headers.getSetCookie());
      const to = answer.headers.get('location') ?? /^0; url=(.*)$/.exec(answer.headers.get('refresh') ?? '')?.[1];
      const text = await answer.text();
      if (!to) return { url, status: answer.status, text, ways };
      [url, body] = [new URL(to, url).href, undefined];
    }
    return assert.fail(`sent around without an end: ${ways.join('\n')}`);
  }

  // Fills in the form that has such a text in it, and sends it.
  function fill(page, mark, fields = {}) {
    const { to, sent: hidden } = form(page, mark);
    return go(to, { ...hidden, ...fields });
  }

  // The same person in another browser window, as it were: with every cookie but those of such a name.
  const without = (name) => visitor(new Map([...cookies].filter(([, cookie]) => cookie.name !== name)));
  return { go, fill, without };
}

// What Binnacle's page says of a sign-in that failed.
export const wrong = (page) => plain(/class="wrong"[^>]*>([\s\S]*?)<\//.exec(page.text)?.[1] ?? '');

// Who Binnacle says that this is: the name and the role.
export function known(page) {
  const [, summary] = /class="[^"]*visitor"[\s\S]*?<summary[^>]*>([\s\S]*?)<\/summary>/.exec(page.text) ?? [];
  assert.ok(summary, `nobody is signed in at ${page.url} (${page.status}): ${wrong(page) || page.text.slice(0, 600)}`);
  return plain(summary.replace(/<[^>]*>/g, '')).trim();
}
