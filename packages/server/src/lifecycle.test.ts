import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const lifecycle = fileURLToPath(new URL('./lifecycle.ts', import.meta.url));

/** Runs a module of a few lines in a process of its own, signals it once it says so, and gives its exit code. */
const exitCodeOf = async (stop: string, signals: readonly NodeJS.Signals[]): Promise<number | null> => {
  const code = `
    import { stopOnSignal } from ${JSON.stringify(lifecycle)};
    stopOnSignal({ stop: async () => { ${stop} } });
    setInterval(() => {}, 1_000);
    process.stdout.write('ready');
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(child.stdout, 'data');
  for (const signal of signals) {
    child.kill(signal);
    await once(child.stderr, 'data');
  }
  const [exitCode] = await once(child, 'exit');
  return exitCode;
};

test('a process that stops in order ends with 0', async () => {
  expect(await exitCodeOf('', ['SIGTERM'])).toBe(0);
});

test('a process that cannot stop in order ends with 1', async () => {
  expect(await exitCodeOf("throw new Error('stuck')", ['SIGINT'])).toBe(1);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('a second %s ends a process that hangs, at once', async (signal, code) => {
  const says =
    "setInterval(() => process.stderr.write('.'), 10); process.on('exit', () => process.stderr.write('x'));";
  expect(await exitCodeOf(`${says} await new Promise(() => {});`, ['SIGTERM', signal])).toBe(code);
});

test('only the module a process was started with is its entry point', async () => {
  const probe = fileURLToPath(new URL('./lifecycle.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      '--eval',
      `import(${JSON.stringify(probe)}).then(({ isEntryPoint }) => { process.argv[1] = ${JSON.stringify(probe)}; console.log(isEntryPoint('file://' + ${JSON.stringify(probe)}), isEntryPoint('file:///elsewhere.ts')); })`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [output] = await once(child.stdout, 'data');
  expect(String(output).trim()).toBe('true false');
});
