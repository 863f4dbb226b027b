import { log } from '@storegraph/server';
import { tellWhy } from './cannot-start.ts';
import { readEnv } from './env.ts';
import { openFolder } from './folder.ts';
import { keysPathIn, openKeys } from './keys.ts';

/**
 * `npm run keys`: makes the keys of a shop in its folder, or replaces them where it is time. The embedded shop does so
 * itself; for one whose subgraphs are processes of their own, somebody runs this once a day.
 */
const run = async () => {
  const { folder } = readEnv();
  await openFolder(folder);
  const { keys, stop } = await openKeys(folder, (error) =>
    log.error('The keys stay as they were.', { error }),
  );
  stop();
  const next = keys.next === undefined ? '' : ` ${keys.next.kid} is announced, and signs from tomorrow on.`;
  process.stdout.write(
    `${keysPathIn(folder)}: ${keys.signing.kid} signs, ${keys.keys.length} verify.${next}\n`,
  );
};

run().catch((error: unknown) => {
  tellWhy(error);
  process.exitCode = 1;
});
