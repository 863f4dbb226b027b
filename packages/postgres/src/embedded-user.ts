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

const asNobody = ['setpriv', '--reuid', `${nobody}`, '--regid', `${nobody}`, '--clear-groups'];
/** The right to pass through folders closed to others, for data in a private folder. */
const throughClosedFolders = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override'];

type Way = { readonly prefix: readonly string[]; readonly changesOwner: boolean };

/**
 * How root starts Postgres, the best way first. In a user namespace of its own root has no name there and keeps
 * its files, so that a clone in /root works. Where namespaces are forbidden (some containers) it becomes
 * another user, who must be able to reach the program.
 */
const waysOfRoot: readonly Way[] = [
  { prefix: ['unshare', '--user'], changesOwner: false },
  { prefix: [...asNobody, ...throughClosedFolders], changesOwner: true },
  { prefix: asNobody, changesOwner: true },
];

/** The caller itself, when it is not root; else the first way of root that works here. */
export const chooseUser = async (program: string): Promise<RunAs> => {
  if (process.getuid?.() !== 0) return { prefix: [], own: async () => {} };
  for (const { prefix, changesOwner } of waysOfRoot) {
    const [command = '', ...options] = prefix;
    const works = await run(command, [...options, program, '--version']).then(
      () => true,
      () => false,
    );
    if (works) return { prefix, own: changesOwner ? (path) => chown(path, nobody, nobody) : async () => {} };
  }
  throw new EmbeddedPostgresError(
    'Postgres does not run as root, and handing it to another user failed here: start as an ordinary user, or set POSTGRES_URL to a Postgres of your own.',
  );
};
