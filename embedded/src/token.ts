import { parseArgs } from 'node:util';
import { kindOfRole, type Role, roles, scopesOfRole, signToken } from '@storegraph/server';
import { CannotStart, tellWhy } from './cannot-start.ts';
import { readEnv } from './env.ts';
import { readKeys } from './keys.ts';

/** `npm run token -- --role merchandiser`: prints a token of the shop, and nothing else, on standard output. */

const maxHours = 24 * 30;
const usage = `npm run token -- --role ${roles.join('|')} [--hours 8] [--id name]`;

const isRole = (text: string): text is Role => roles.some((role) => role === text);

const readArguments = () => {
  const { values } = parseArgs({
    options: {
      role: { type: 'string' },
      hours: { type: 'string', default: '8' },
      id: { type: 'string' },
    },
  });
  const { role = '', id = role } = values;
  const hours = Number(values.hours);
  if (!isRole(role)) {
    const problem = role === '' ? 'Say for which role' : `There is no role ${role}`;
    throw new CannotStart(`${problem}: it is one of ${roles.join(', ')}. ${usage}`);
  }
  if (!(hours > 0 && hours <= maxHours))
    throw new CannotStart(`--hours must be a number up to ${maxHours}. ${usage}`);
  if (!/^[\w.@-]{1,100}$/.test(id))
    throw new CannotStart(`--id must be 1 to 100 of A-Z a-z 0-9 _ . @ -. ${usage}`);
  return { role, id, hours };
};

const run = async () => {
  const { role, id, hours } = readArguments();
  const { folder } = readEnv();
  const keys = await readKeys(folder);
  if (!keys)
    throw new CannotStart(`There is no shop in ${folder} yet, so it has no keys: run \`npm start\` first.`);
  const token = await signToken(keys, { subject: id, role, lifetimeSeconds: Math.round(hours * 3600) });
  process.stdout.write(`${token}\n`);
  const scopes = scopesOfRole(role).join(', ') || 'none yet';
  process.stderr.write(`For ${kindOfRole(role)} "${id}" as ${role}, ${hours} h. Scopes: ${scopes}.\n`);
};

run().catch((error: unknown) => {
  const isUsage =
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  tellWhy(isUsage ? new CannotStart(`${error.message} ${usage}`) : error);
  process.exitCode = 1;
});
