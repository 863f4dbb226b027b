import { parseArgs } from 'node:util';
import { log } from '@storegraph/server';
import { CannotStart, tellWhy } from './cannot-start.ts';
import { readEnv } from './env.ts';
import { seedMore } from './seeding.ts';
import { joinPostgres } from './shop-postgres.ts';

/** `npm run seed -- --products 20000`: adds that many generated products, with stock, to the shop. */

const maxProducts = 1_000_000;
const usage = `npm run seed -- --products 20000 (at most ${maxProducts.toLocaleString('en')})`;

const readArguments = () => {
  const { values } = parseArgs({ options: { products: { type: 'string', default: '' } } });
  const products = Number(values.products);
  if (Number.isInteger(products) && products > 0 && products <= maxProducts) return { products };
  throw new CannotStart(`Say how many products to add: ${usage}`);
};

const run = async () => {
  const { products } = readArguments();
  const { folder, postgresUrl } = readEnv();
  const postgres = await joinPostgres({ folder, postgresUrl, log });
  try {
    await seedMore({ url: postgres.url, products, log, tell: (line) => process.stdout.write(`${line}\n`) });
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
