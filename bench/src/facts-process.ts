import { openProcessBus } from '@storegraph/events';

/** A follower in a process of its own: `URL REDIS_URL`. Says of each page when it came, and of which facts. */
const [url = '', redisUrl = ''] = process.argv.slice(2);
const bus = openProcessBus({
  urls: { product: url },
  token: 'bench',
  redisUrl: redisUrl === '' ? undefined : redisUrl,
  onError: (error) => process.send?.({ error: String(error) }),
});
const stop = new AbortController();
process.once('disconnect', () => stop.abort());
const log = await bus.log('product');
const from = await log.head();
process.send?.({ upTo: from, at: Date.now() });
for await (const page of log.follow(from, stop.signal)) {
  // The clock that both processes read.
  process.send?.({ upTo: page.at(-1)?.sequence ?? 0, at: performance.timeOrigin + performance.now() });
}
await bus.stop();
