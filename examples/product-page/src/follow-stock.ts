import type { ApolloClient } from '@apollo/client';
import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { type StockChange, stockChanged } from './operations.ts';

export type Following = {
  /** At most 200. */
  readonly variantIds: readonly string[];
  readonly changed: (change: StockChange) => void;
  /** How long to wait after so many failures in a row. */
  readonly retryDelayMs?: ((failures: number) => number) | undefined;
};

/** Any time up to a second, then two, four … thirty: those who lost the line together must not come back together. */
const jittered = (failures: number): number => Math.random() * Math.min(30_000, 1_000 * 2 ** (failures - 1));

/** Tells the stock of variants now and whenever it changes, over any number of lost lines. Answers how to stop. */
export const followStock = (
  client: ApolloClient,
  { variantIds, changed, retryDelayMs = jittered }: Following,
): (() => void) => {
  let after: string | null = null;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let close = (): void => undefined;

  const openAgain = (): void => {
    close();
    clearTimeout(timer);
    failures += 1;
    timer = setTimeout(open, retryDelayMs(failures));
  };

  const open = (): void => {
    const stream = client.subscribe({
      query: stockChanged,
      variables: { variantIds, after },
      fetchPolicy: 'no-cache',
    });
    const subscription = stream.subscribe({
      next: ({ data, error }) => {
        if (data === undefined) {
          // The shop knows no such place, as after its data were set back: the stock there is now will do.
          if (CombinedGraphQLErrors.is(error)) after = null;
          return openAgain();
        }
        failures = 0;
        after = data.stockChanged.cursor;
        changed(data.stockChanged);
      },
      complete: openAgain,
    });
    close = () => subscription.unsubscribe();
  };

  open();
  return () => {
    clearTimeout(timer);
    close();
  };
};
