import { spawnSync } from 'node:child_process';
import { root } from './repository.ts';

/** What keeps the style of the house. Each step says itself what is wrong and what to run. */
const steps: readonly (readonly [title: string, command: string, ...args: string[]])[] = [
  ['types of the schema', 'graphql-codegen', '--config', 'codegen.ts', '--silent'],
  ['format and lint', 'biome', 'ci', '--error-on-warnings', '.'],
  ['types', 'tsc', '--noEmit', '--project', 'tsconfig.json'],
  ['composed graph', 'tsx', 'scripts/compose.ts', '--check'],
  ['shape of the repository and of the graph', 'vitest', 'run', 'tidy.test.ts', 'schema/'],
];

const failed = steps.filter(([title, command, ...args]) => {
  console.log(`\n— ${title}: ${command} ${args.join(' ')}`);
  return (
    spawnSync(`${root}/node_modules/.bin/${command}`, args, { cwd: root, stdio: 'inherit' }).status !== 0
  );
});

console.log(
  failed.length === 0
    ? '\ncheck: all is well'
    : `\ncheck: failed: ${failed.map(([title]) => title).join(', ')}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
