/** Work that comes again and again while a process runs. */
export type Repeating = {
  /** Ends with what is under way. */
  stop(): Promise<void>;
};

/** Repeats work, never twice at a time: what takes longer than its pause leaves out a turn. */
export const startRepeating = (
  work: () => Promise<unknown>,
  { everyMs, onError }: { readonly everyMs: number; readonly onError: (error: unknown) => void },
): Repeating => {
  let working: Promise<unknown> | null = null;
  const timer = setInterval(() => {
    working ??= work()
      .catch(onError)
      .finally(() => {
        working = null;
      });
  }, everyMs).unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await working;
    },
  };
};
