/** The end of an operation, for those who wish to hear of it. */
export type Ending = {
  /** Made when it is first asked for: few resolvers ask, and a signal costs more than most of them. */
  readonly signal: () => AbortSignal;
  readonly end: () => void;
};

/** Why a signal is aborted. Made once: an error is dear, and this one is nobody's fault. */
const endOfOperation = new Error('Nobody waits for the answer any more.');

export const createEnding = (): Ending => {
  let controller: AbortController | null = null;
  let isOver = false;
  return {
    signal: () => {
      controller ??= new AbortController();
      if (isOver) controller.abort(endOfOperation);
      return controller.signal;
    },
    end: () => {
      isOver = true;
      controller?.abort(endOfOperation);
    },
  };
};
