import { load } from './reservations-load.ts';
import { ours } from './reservations-ways.ts';

/** One of several processes that sell the same variant: `URL VARIANT CALLERS MS`. Starts when it is told to. */
const [url = '', variantId = '', callers = '1', ms = '1000'] = process.argv.slice(2);
const way = await ours(url);
await way.reserve([variantId]);
process.send?.('ready');
process.once('message', async () => {
  const { perSecond } = await load(way, {
    callers: Number(callers),
    cart: () => [variantId],
    ms: Number(ms),
  });
  await way.close();
  process.send?.(perSecond);
  process.disconnect?.();
});
