import { connect } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import type { Word } from '@storegraph/testing';
import { createCoupons } from './coupon-service.ts';

/** A process of its own that uses up or gives back coupons for a test: `URL`, then jobs by message. */
export type Job = {
  readonly kind: 'redeem' | 'release';
  readonly code: string;
  readonly checkoutIds: readonly string[];
  /** Whose checkouts; each somebody else's when left out. */
  readonly ownerId?: string;
};

const [url = ''] = process.argv.slice(2);
const viewer: Viewer = { kind: 'service', id: 'order', scopes: new Set() };
const db = connect({ url, schema: 'pricing', name: 'coupon process' });
const coupons = createCoupons({ db });
const say = (word: Word) => process.send?.(word);

const work = async ({ kind, code, ownerId }: Job, checkoutId: string) => {
  const idempotencyKey = `${kind}-${checkoutId}`;
  const { __typename: outcome } =
    kind === 'release'
      ? await coupons.release(viewer, { idempotencyKey, checkoutId })
      : await coupons.redeem(viewer, {
          ...{
            idempotencyKey,
            checkoutId,
            ownerKind: 'customer',
            ownerId: ownerId ?? checkoutId,
            codes: [code],
          },
        });
  say({ kind: 'answered', key: checkoutId, outcome });
};

/** More than there are connections, so that they are always busy, and few enough that none waits past its limit. */
const inFlight = 16;

process.on('message', async (job: Job) => {
  const left = [...job.checkoutIds];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(job, next);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  say({ kind: 'done' });
});
process.on('disconnect', async () => {
  await db.close();
});
say({ kind: 'ready' });
