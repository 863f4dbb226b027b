import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { type BenchResult, holds } from './result.ts';

/** `npm run bench -- NAME`: runs one bench, prints a table for people and one line `RESULT {json}` for machines. */
const notBenches = ['main', 'result'];
const names = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.ts') && !file.includes('-') && !file.endsWith('.test.ts'))
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((name) => !notBenches.includes(name));

const [wanted] = process.argv.slice(2);
if (!wanted || !names.includes(wanted)) {
  console.error(`Say which bench: npm run bench -- ${names.join(' | ')}`);
  process.exit(1);
}

const { run }: { run: () => Promise<BenchResult> } = await import(`./${wanted}.ts`);
const { name, rows, ratios, notes = [] } = await run();

console.log(`\n${name} · ${cpus().length} cores · Node ${process.versions.node}`);
console.table(rows);
for (const note of notes) console.log(`${note}\n`);
console.table(
  ratios.map((ratio) => ({
    ratio: ratio.name,
    value: Number(ratio.value.toFixed(2)),
    ...(ratio.bound !== null && {
      bound: `${ratio.atLeast ? '≥' : '≤'} ${ratio.bound}`,
      holds: holds(ratio) ? 'yes' : 'NO',
    }),
  })),
);
const verdicts = ratios.map((ratio) => [
  ratio.name,
  { value: ratio.value, bound: ratio.bound, is: ratio.atLeast ? 'at least' : 'at most', holds: holds(ratio) },
]);
console.log(`RESULT ${JSON.stringify({ bench: wanted, ratios: Object.fromEntries(verdicts) })}`);
process.exitCode = ratios.every(holds) ? 0 : 1;
