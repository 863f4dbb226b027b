/** The end of an operation, for those who wish to hear of it. */
export type Ending = { controller: AbortController | null; isOver: boolean };

/** Why a signal is aborted. Made once: an error is dear, and this one is nobody's fault. */
const endOfOperation = new Error('Nobody waits for the answer any more.');

export const createEnding = (): Ending => ({ controller: null, isOver: false });

/** Made when it is first asked for: few resolvers ask, and a signal costs more than most of them. */
export const signalOf = (ending: Ending): AbortSignal => {
  ending.controller ??= new AbortController();
  if (ending.isOver) ending.controller.abort(endOfOperation);
  return ending.controller.signal;
};

export const end = (ending: Ending): void => {
  ending.isOver = true;
  ending.controller?.abort(endOfOperation);
};
