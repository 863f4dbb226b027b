import { realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { pathToFileURL } from 'node:url';
import { type Log, log as processLog } from './log.ts';
import { within } from './within.ts';

/** Longer than any server takes to drain (ten seconds), shorter than the thirty Kubernetes grants. */
const stopLimitMs = 20_000;

/**
 * Ends the process in order when it is asked to (SIGTERM, SIGINT): exit code 0 when everything stopped, 1 when
 * something failed or took too long. A second signal ends it at once, with the code that shells show for it: 130
 * for SIGINT, 143 for SIGTERM.
 */
export const stopOnSignal = (
  { stop }: { readonly stop: () => Promise<void> },
  { log = processLog }: { readonly log?: Log } = {},
): void => {
  const end = async (signal: string): Promise<never> => {
    log.info(`${signal}: stopping.`);
    try {
      const outcome = await within(stopLimitMs, stop());
      if (outcome !== 'late') process.exit(0);
      log.error(`It did not stop within ${stopLimitMs / 1000} s.`);
    } catch (error) {
      log.error('It could not stop in order.', { error });
    }
    process.exit(1);
  };

  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(128 + constants.signals[signal]);
      isStopping = true;
      void end(signal);
    });
  }
};

/** Whether a module is the one the process was started with, given its `import.meta.url`. */
export const isEntryPoint = (moduleUrl: string): boolean => {
  const started = process.argv[1];
  return started !== undefined && pathToFileURL(realpathSync(started)).href === moduleUrl;
};
