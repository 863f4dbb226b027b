import type { Way } from './reservations-ways.ts';

/** What callers met who asked again as soon as they were answered. */
export type Load = { readonly perSecond: number; readonly latenciesMs: readonly number[] };

/** Lets so many callers reserve for a while, after a time to warm up that is not counted. */
export const load = async (
  { reserve }: Way,
  {
    callers,
    cart,
    ms,
    warmUpMs = 300,
  }: { callers: number; cart: () => string[]; ms: number; warmUpMs?: number },
): Promise<Load> => {
  const latenciesMs: number[] = [];
  const from = performance.now() + warmUpMs;
  const until = from + ms;
  const caller = async () => {
    for (let asked = performance.now(); asked < until; ) {
      await reserve(cart());
      const answered = performance.now();
      if (answered > from && answered <= until) latenciesMs.push(answered - asked);
      asked = answered;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { perSecond: (latenciesMs.length / ms) * 1_000, latenciesMs };
};

/** Lets one caller ask several ways in turn, call by call, so that whatever the machine does meanwhile hits all. */
export const loadInTurn = async (
  ways: readonly Way[],
  { cart, ms, warmUpCalls = 200 }: { cart: () => string[]; ms: number; warmUpCalls?: number },
): Promise<Load[]> => {
  const latencies: number[][] = ways.map(() => []);
  const from = performance.now();
  for (let calls = -warmUpCalls; calls < 0 || performance.now() - from < ms; calls += 1) {
    for (const [place, { reserve }] of ways.entries()) {
      const asked = performance.now();
      await reserve(cart());
      if (calls >= 0) latencies[place]?.push(performance.now() - asked);
    }
  }
  return latencies.map((latenciesMs) => ({
    perSecond: 1_000 / (latenciesMs.reduce((sum, each) => sum + each, 0) / latenciesMs.length),
    latenciesMs,
  }));
};
