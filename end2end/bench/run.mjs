// One table: what, how much, what was to be reached. Arguments choose parts of it: sizes of layouts, plans, walks, ways, log, pages,
// streams, follow, backup, real.
import os from 'node:os';
import { readFileSync } from 'node:fs';
import { backup } from './backup.mjs';
import { SIZES, layouts, log, plans, walks, ways } from './layouts.mjs';
import { follow } from './follow.mjs';
import { pages } from './pages.mjs';
import { real } from './real.mjs';
import { streams } from './streams.mjs';

const cpu = os.cpus();
const commit = readFileSync('Cargo.lock').length;
console.log(`machine: ${cpu.length} × ${cpu[0].model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${os.release()}; node ${process.version}; lock file of ${commit} bytes`);
console.log('times are medians unless said otherwise; ratios are of this run alone\n');
console.log('| what | measured | to reach |\n|---|---|---|');
const row = (what, measured, reach = '') => console.log(`| ${what} | ${measured} | ${reach} |`);
const asked = process.argv.slice(2);
const wanted = (part) => asked.length === 0 || asked.includes(String(part));
if (SIZES.some(wanted)) await layouts(row, SIZES.filter(wanted));
for (const part of [plans, walks, ways, log, pages, streams, follow, backup, real]) if (wanted(part.name)) await part(row);
