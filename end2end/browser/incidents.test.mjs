// Incidents on their pages: a beginning that is seen live, one that is read, silenced and ended, by hand and by keyboard.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { browser, live, open, stage, until } from './stage.mjs';

let chromium, lab;
before(async () => { [chromium, lab] = await Promise.all([browser(), stage({ more: ['--incident-calm', '1'] })]); });
after(async () => { await chromium?.close(); await lab?.stop(); });

async function everybody(page, width) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map((found) => `${found.id}: ${found.nodes[0].html} ${found.nodes[0].failureSummary}`), []);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= width, `${wide} px wide`);
}

// The cluster says of a host whether its kubelet reports.
function say(host, status) {
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+Z/, 'Z');
  const reason = status === 'True' ? 'KubeletReady' : 'NodeStatusUnknown';
  return lab.call('PATCH', `/api/v1/nodes/${host}/status`, {
    status: { conditions: [{ type: 'Ready', status, reason, message: '', lastTransitionTime }] },
  });
}

const incidents = async () => (await (await fetch(`${lab.url}/api/v1/clusters/lab/incidents?open=true`)).json()).items;
const opened = (about) => until(`no incident of ${about}`, async () => (await incidents()).find((one) => one.about === about));
const recorded = () => until('nothing is recorded', async () => (await (await fetch(`${lab.page}/history`)).text()).includes('Recorded from'));

test('an incident stands beside the figure as it begins, and goes when it ended', async () => {
  await recorded();
  const page = await open(chromium, lab.page);
  await live(page);
  assert.equal(await page.$('ul.incidents'), null, 'all is well');
  await say('host5', 'Unknown');
  // Nobody loads the page again.
  const line = await page.waitForSelector('ul.incidents a:has-text("host5 is lost")', { timeout: 60_000 });
  await everybody(page, 1480);
  await line.focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/c\/lab\/incidents\/[0-9a-f]{16}$/);
  assert.match(await page.textContent('h1'), /Host host5 is lost/);
  await say('host5', 'True');
  await page.goto(lab.page);
  await live(page);
  await page.waitForSelector('ul.incidents', { state: 'detached', timeout: 60_000 });
  await page.context().close();
});

for (const javaScriptEnabled of [true, false]) {
  test(`an incident is read, silenced with a reason and spoken of again, ${javaScriptEnabled ? 'with' : 'without'} a script`, async () => {
    await recorded();
    await say('host4', 'Unknown');
    const { id } = await opened('node/host4');
    const page = await open(chromium, `${lab.page}/incidents`, { javaScriptEnabled });
    const row = page.locator('main tr', { hasText: 'host4 is lost' });
    assert.match(await row.first().textContent(), /warning.*Ongoing/s);
    // By keyboard alone: to the incident and back.
    await row.first().locator('a').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/incidents/${id}`);
    const main = await page.textContent('main');
    for (const word of ['Host lost', 'node/host4', 'Ongoing', 'Touched', 'Changed in the ten minutes before']) assert.ok(main.includes(word), word);
    if (javaScriptEnabled) await everybody(page, 1480);
    await until('it was never compared', async () => {
      await page.reload();
      return !(await page.textContent('main')).includes('The comparison is not made yet.');
    });
    await page.click('a:text("Figure at the beginning")');
    assert.match(await page.textContent('body'), /As it was at/);
    await page.goto(`${lab.page}/incidents`);
    // Without a reason nobody is silenced: the browser asks for one, and the server would.
    await page.selectOption('select[name=kind]', 'host-lost');
    await page.fill('input[name=about]', 'node/host4');
    await page.click('form.silence button');
    assert.ok(await page.$('input[name=reason]:invalid'), 'a reason is asked for');
    await page.fill('input[name=reason]', 'moving the racks');
    await page.press('input[name=reason]', 'Enter');
    const silence = page.locator('main li', { hasText: 'moving the racks' });
    await silence.waitFor();
    assert.match(await silence.textContent(), /Host lost node\/host4 until .*moving the racks/s);
    assert.match(await page.textContent('main'), /host4 is lost/, 'a silence hides nothing');
    if (javaScriptEnabled) await everybody(page, 1480);
    await silence.locator('button').focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('main :text("No silence holds.")');
    await say('host4', 'True');
    await until('it has not ended', async () => !(await incidents()).some((one) => one.about === 'node/host4'));
    await page.goto(`${lab.page}/incidents/${id}`);
    assert.doesNotMatch(await page.textContent('main'), /Ongoing/);
    await page.context().close();
  });
}

test('incidents fit a phone, and the time line has a lane of them', async () => {
  await recorded();
  await say('host3', 'Unknown');
  const { id } = await opened('node/host3');
  const page = await open(chromium, `${lab.page}/incidents`, { viewport: { width: 390, height: 900 } });
  await everybody(page, 390);
  await page.goto(`${lab.page}/incidents/${id}`);
  await everybody(page, 390);
  await page.goto(`${lab.page}/history`);
  const to = await until('no lane has it', async () => {
    await page.reload();
    return page.$(`a[href$="/incidents/${id}"]`);
  });
  assert.ok(to);
  await say('host3', 'True');
  await page.context().close();
});
