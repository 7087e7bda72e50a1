// One table: what, how much, what was to be reached.
import os from 'node:os';
import { readFileSync } from 'node:fs';
import { layouts, log, plans, ways } from './layouts.mjs';
import { pages } from './pages.mjs';

const cpu = os.cpus();
const commit = readFileSync('Cargo.lock').length;
console.log(`machine: ${cpu.length} × ${cpu[0].model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${os.release()}; node ${process.version}; lock file of ${commit} bytes`);
console.log('times are medians unless said otherwise; ratios are of this run alone\n');
console.log('| what | measured | to reach |\n|---|---|---|');
const row = (what, measured, reach = '') => console.log(`| ${what} | ${measured} | ${reach} |`);
await layouts(row);
await plans(row);
await ways(row);
await log(row);
await pages(row);
