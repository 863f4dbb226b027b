import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** What a process says to the test that started it: each answer as soon as it is there, for it may be killed. */
export type Word =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answered'; readonly key: string; readonly outcome: string }
  | { readonly kind: 'done' };

/** Processes that run a module over a database, are told jobs by message and say words. */
export const createProcesses = <Job extends object>(module: URL) => {
  const children = new Set<ChildProcess>();

  /** A process, with the outcomes it has said so far. */
  const start = async (url: string) => {
    const child = fork(module, [url], { execArgv: ['--import', 'tsx'] });
    children.add(child);
    const answers = new Map<string, string>();
    let listeners: ((word: Word) => void)[] = [];
    child.on('message', (word: Word) => {
      if (word.kind === 'answered') answers.set(word.key, word.outcome);
      for (const listener of listeners) listener(word);
    });
    const heard = (wanted: (word: Word) => boolean) =>
      new Promise<void>((resolve) => {
        const listener = (word: Word) => {
          if (!wanted(word)) return;
          listeners = listeners.filter((other) => other !== listener);
          resolve();
        };
        listeners.push(listener);
      });
    const work = async (job: Job) => {
      const done = heard(({ kind }) => kind === 'done');
      child.send(job);
      await done;
    };
    await heard(({ kind }) => kind === 'ready');
    return { child, answers, heard, work };
  };

  return {
    start,
    /** Cuts the lines to them, and waits until they have ended. */
    stop: async (): Promise<void> => {
      const ended = [...children].map(
        (child) => (child.exitCode ?? child.signalCode) === null && once(child, 'exit'),
      );
      for (const child of children) if (child.connected) child.disconnect();
      await Promise.all(ended);
      children.clear();
    },
  };
};

/** How often each of these outcomes was said. */
export const countOutcomes = <Outcome extends string>(
  processes: readonly { readonly answers: ReadonlyMap<string, string> }[],
  ...wanted: readonly Outcome[]
): Record<Outcome, number> => {
  const all = processes.flatMap(({ answers }) => [...answers.values()]);
  // Each of those that are wanted has its entry.
  return Object.fromEntries(
    wanted.map((outcome) => [outcome, all.filter((one) => one === outcome).length]),
  ) as Record<Outcome, number>;
};
