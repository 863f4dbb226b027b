import type { StockPath } from './stock-service.ts';

/** How often holds past their time are looked for: reads count them as expired at once, only the stock waits. */
const sweepEveryMs = 1_000;

/** Ends holds past their time while the subgraph runs. Any number of processes may do so. */
export const startSweeping = (
  stock: StockPath,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } => {
  let sweeping: Promise<unknown> | null = null;
  const timer = setInterval(() => {
    sweeping ??= stock
      .sweep()
      .catch(onError)
      .finally(() => {
        sweeping = null;
      });
  }, sweepEveryMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await sweeping;
    },
  };
};
