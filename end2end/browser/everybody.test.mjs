// Pages for everybody: axe finds nothing, in either theme.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { browser, live, open, stage } from './stage.mjs';

let chromium, lab;
before(async () => { [chromium, lab] = await Promise.all([browser(), stage()]); });
after(async () => { await chromium?.close(); await lab?.stop(); });

for (const colorScheme of ['light', 'dark']) {
  for (const [name, path] of [['the figure', '?sel=node/host1'], ['one node', '?at=node/host4'], ['the table', '/table'], ['a page that is not there', '/none']]) {
    test(`${name}, ${colorScheme}`, async () => {
      const page = await open(chromium, lab.page + path, { colorScheme });
      if (path.startsWith('?')) await live(page);
      const { violations } = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(violations.map((found) => `${found.id}: ${found.nodes[0].html} ${found.nodes[0].failureSummary}`), []);
    });
  }
}
