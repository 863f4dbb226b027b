import { type Database, type Repeating, startRepeating } from '@storegraph/postgres';
import { deleteLeftovers } from './sweep-repository.ts';

/** Nothing of it is in anybody's way: what has ended counts as ended at once. */
const sweepEveryMs = 15 * 60_000;

/** Deletes what nobody needs any more, while the subgraph runs. */
export const startSweeping = (db: Database, onError: (error: unknown) => void): Repeating =>
  startRepeating(() => deleteLeftovers(db), { everyMs: sweepEveryMs, onError });
