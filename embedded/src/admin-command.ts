import { parseArgs } from 'node:util';
import { appointAdmin } from '@storegraph/account';
import { log } from '@storegraph/server';
import { CannotStart, tellWhy } from './cannot-start.ts';
import { readEnv } from './env.ts';
import { joinPostgres } from './shop-postgres.ts';

/**
 * `npm run admin -- --email ada@example.com --name "Ada Lovelace"`: makes somebody an administrator, in the shop of
 * this folder or in the database of `POSTGRES_URL`.
 */

const usage = 'npm run admin -- --email ada@example.com --name "Ada Lovelace"';

const readArguments = () => {
  const { values } = parseArgs({ options: { email: { type: 'string' }, name: { type: 'string' } } });
  const { email, name } = values;
  if (email === undefined || name === undefined)
    throw new CannotStart(`Say who is to be an administrator: ${usage}`);
  return { email, name };
};

const run = async () => {
  const whom = readArguments();
  const { folder, postgresUrl } = readEnv();
  const postgres = await joinPostgres({ folder, postgresUrl, log });
  try {
    const outcome = await appointAdmin({ postgresUrl: postgres.url, ...whom });
    if (outcome.__typename === 'NotAppointed') throw new CannotStart(outcome.message);
    if (outcome.__typename === 'InvalidInput') {
      const problems = outcome.problems.map(({ path, message }) => `--${path.join('.')} ${message}.`);
      throw new CannotStart([...problems, usage].join(' '));
    }
    const mail = outcome.isInvited ? ' A mail to set a password by is on its way.' : '';
    process.stdout.write(`${whom.email} is an administrator: ${outcome.staffId}.${mail}\n`);
  } finally {
    await postgres.stop();
  }
};

run().catch((error: unknown) => {
  const isUsage =
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  tellWhy(isUsage ? new CannotStart(`${error.message} ${usage}`) : error);
  process.exitCode = 1;
});
