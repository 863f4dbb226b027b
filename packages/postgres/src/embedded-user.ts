import { execFile } from 'node:child_process';
import { chown } from 'node:fs/promises';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './embedded-error.ts';

const run = promisify(execFile);

/** How to start a Postgres program as somebody it accepts: it refuses to run as root. */
export type RunAs = {
  /** What stands before the program on the command line. */
  prefix: readonly string[];
  /** Hands a folder to that user. */
  own: (folder: string) => Promise<void>;
};

/** `nobody` on every Linux; the user needs no name. */
const nobody = 65_534;

const asNobody = ['--reuid', `${nobody}`, '--regid', `${nobody}`, '--clear-groups'];
/** The right to pass through folders closed to others, so that a clone in /root works. */
const throughClosedFolders = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override'];

/**
 * The caller itself, when it is not root. Else an unprivileged user that may pass through closed folders, and
 * where that right cannot be handed on (some containers), the same user without it.
 */
export const chooseUser = async (program: string): Promise<RunAs> => {
  if (process.getuid?.() !== 0) return { prefix: [], own: async () => {} };
  const ways = [
    ['setpriv', ...asNobody, ...throughClosedFolders],
    ['setpriv', ...asNobody],
  ];
  for (const prefix of ways) {
    const [command = '', ...options] = prefix;
    const works = await run(command, [...options, program, '--version']).then(
      () => true,
      () => false,
    );
    if (works) return { prefix, own: (folder) => chown(folder, nobody, nobody) };
  }
  throw new EmbeddedPostgresError(
    'Postgres does not run as root, and handing it to another user failed here: start as an ordinary user, or set POSTGRES_URL to a Postgres of your own.',
  );
};
