// A stranger deploys the built-in cluster: five hosts go, and come back one by one; then what is kept of it is looked at.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { browser, folder, live, open, start } from './stage.mjs';

let chromium, server, run;
before(async () => {
  [chromium, server] = await Promise.all([browser(), start(['serve', '--demo', '--listen', '127.0.0.1:0', '--data', folder()])]);
});
after(async () => { await chromium?.close(); await server?.stop(); });

// From the figure to the form, over the review, to the run.
async function deploy(kind) {
  const page = await open(chromium, `${server.url}/c/demo`, { complains: true });
  await page.click('.overview a.button');
  await page.check(`input[value=${kind}]`);
  await page.selectOption('select[name=dha]', { label: 'dha.yml' });
  await page.selectOption('select[name=network]', { label: 'network.yml' });
  await page.click('button:text-is("Check and review")');
  return page;
}

test('who types another name starts nothing, and what will be lost is listed by name', async () => {
  const page = await deploy('deploy');
  assert.deepEqual(await page.locator('.hosts li').allTextContents(), ['host1', 'host2', 'host3', 'host4', 'host5']);
  assert.ok(!(await page.content()).includes('pr0be-Secret'));
  await page.fill('input[name=confirm]', 'another');
  await page.click('button:text-is("Start")');
  assert.match(await page.textContent('main [role=alert]'), /Name does not match. Nothing was started/);
  await page.goto(`${server.url}/c/demo/deployments`);
  assert.match(await page.textContent('main'), /No deployments yet/);
  await page.context().close();
});

test('an expansion that names hosts which are there is refused, each with what is wrong', async () => {
  const page = await deploy('expand');
  assert.match(await page.textContent('main [role=alert]'), /the cluster has a host host1 already/);
  assert.match(await page.textContent('main [role=alert]'), /expand with kube_node only/);
  await page.context().close();
});

test('hosts go and come back one by one while the page follows, and the verdict has its evidence', { timeout: 120_000 }, async () => {
  const figure = await open(chromium, `${server.url}/c/demo`);
  await live(figure);
  const page = await deploy('deploy');
  // A browser that nobody has asked yet whether it may notify, and that says yes.
  await page.addInitScript(() => {
    Object.assign(window, { asked: 0, told: [] });
    window.Notification = class {
      static permission = 'default';
      static requestPermission() {
        window.asked += 1;
        window.Notification.permission = 'granted';
        return Promise.resolve('granted');
      }
      constructor(title, { body }) { window.told.push(body); }
    };
  });
  await page.fill('input[name=confirm]', 'demo');
  await page.click('button:text-is("Start")');
  await page.waitForURL(/deployments\/\d/);
  await page.waitForSelector('#notify:not([hidden])');
  assert.equal(await page.evaluate(() => window.asked), 0, 'only a click asks');
  await page.click('#notify');
  await page.waitForSelector('#notify', { state: 'hidden' });
  assert.deepEqual(await page.evaluate(() => [window.asked, window.told.length]), [1, 0]);
  run = new URL(page.url()).pathname;
  // The column beside the figure tells of it, and nobody loads that page anew.
  await figure.waitForSelector('#overview .badge:text-is("running")', { timeout: 20_000 });
  // While systems install, the log says nothing and each host is seen.
  await page.waitForFunction(() => {
    const text = document.querySelector('#run')?.textContent;
    const unreached = [...document.querySelectorAll('#run td')].some((cell) => cell.textContent.trim() === 'no');
    return /installing: /.test(text) && unreached && /10\.1\.0\.54/.test(text);
  }, null, { timeout: 60_000, polling: 30 });
  await figure.waitForFunction(() => document.querySelectorAll('[id^="m:node/"].h-ghost').length === 5, null, { timeout: 30_000 });
  // Some are there while others are not.
  await figure.waitForFunction(() => {
    const ghosts = document.querySelectorAll('[id^="m:node/"].h-ghost').length;
    return ghosts > 0 && ghosts < 5;
  }, null, { timeout: 60_000, polling: 30 });
  await figure.waitForFunction(() => document.querySelectorAll('[id^="m:node/"].h-ghost').length === 0, null, { timeout: 30_000 });
  await page.waitForSelector('#run .badge.h-ok', { timeout: 60_000 });
  assert.match(await page.textContent('#run'), /succeeded/);
  assert.match(await page.textContent('#run'), /all 5 nodes are there and ready/);
  assert.match(await page.textContent('.versions'), /Kubernetesv1\.11\.3/);
  await figure.waitForSelector('#overview .badge:text-is("succeeded")', { timeout: 20_000 });
  await page.waitForFunction(() => window.told.length === 1 && window.told[0].length > 0);
  // Nobody loaded the page anew: the log went on to its last line, and what cannot be cancelled is not offered.
  await page.waitForFunction(() => /compass deploy success/.test(document.querySelector('#lines li:last-child')?.textContent), null, { timeout: 10_000 });
  assert.equal(await page.locator('.cancel').count(), 0);
  assert.ok(!(await page.textContent('#lines')).includes('pr0be-Secret'));
  await Promise.all([page.context().close(), figure.context().close()]);
});

test('a line can be sent, what is said can be sought, and neither needs a script', async () => {
  const page = await open(chromium, `${server.url}${run}?q=kube_master`, { javaScriptEnabled: false });
  assert.match(await page.textContent('#log'), /No more matches/);
  await page.fill('#log input[name=q]', 'play recap');
  await page.click('#log button');
  assert.match(await page.textContent('#lines li.at'), /PLAY RECAP/);
  await page.goto(`${server.url}${run}?line=3`);
  assert.match(await page.textContent('#lines li.at'), /^3/);
  const whole = await (await fetch(`${server.url}${run}/log.txt`)).text();
  const api = `${server.url}/api/v1/clusters/demo/deployments/${run.split('/').at(-1)}/log`;
  for (const follow of ['', '&follow=true']) {
    const part = Buffer.from(await (await fetch(`${api}?from=100&bytes=70000${follow}`)).arrayBuffer());
    assert.deepEqual(part, Buffer.from(whole).subarray(100, 70_100), 'a part of a log is these bytes of it');
  }
  assert.ok(whole.startsWith('Reading package lists') && whole.endsWith('compass deploy success\n'));
  await page.context().close();
});

test('two runs are compared', { timeout: 90_000 }, async () => {
  const page = await deploy('redeploy');
  await page.fill('input[name=confirm]', 'demo');
  await page.click('button:text-is("Start")');
  await page.waitForSelector('#run .badge.h-ok', { timeout: 80_000 });
  assert.match(await page.textContent('#run'), /exit status of this kind of deployment tells nothing/);
  await page.goto(`${server.url}/c/demo/deployments`);
  for (const box of await page.locator('input[name=run]').all()) await box.check();
  await page.click('button:has-text("Compare")');
  assert.match(await page.textContent('main'), /Run Ansible and kubespray/);
  assert.match(await page.textContent('main'), /v1\.11\.3/);
  // The same again is asked for with what was chosen.
  await page.goto(`${server.url}${run}`);
  await page.click('a.button:text-is("Run again")');
  assert.equal(await page.inputValue('select[name=dha]'), 'dha.yml');
  await page.context().close();
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1480, 390]) {
    test(`the pages of deployments are for everybody: ${colorScheme}, ${width} px`, { timeout: 60_000 }, async () => {
      const list = await (await fetch(`${server.url}/api/v1/clusters/demo/deployments`)).json();
      const both = list.items.map((one) => `run=${one.id}`).join('&');
      const base = `${server.url}/c/demo/deployments`;
      for (const url of [base, `${base}/new`, `${server.url}${run}?tasks=all`, `${base}/compare?${both}`, `${base}/recovery`]) {
        const page = await open(chromium, url, { colorScheme, viewport: { width, height: 900 } });
        const { violations } = await new AxeBuilder({ page }).analyze();
        assert.deepEqual(violations.map((found) => `${url} ${found.id}: ${found.nodes[0].html} ${found.nodes[0].failureSummary}`), []);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${url} is ${wide} px wide`);
        await page.context().close();
      }
    });
  }
}
