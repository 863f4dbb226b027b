/** An error as it goes to the client. */
export type GraphError = {
  readonly message: string;
  readonly locations?: readonly { readonly line: number; readonly column: number }[];
  readonly path?: readonly (string | number)[];
  readonly extensions: Readonly<Record<string, unknown>> & { readonly code: string };
};

/** The answer to an operation, or to one event of a subscription, as the text that goes out. */
export type Answer = {
  /** `{"data":…,"errors":[…],"extensions":{…}}` */
  readonly body: string;
  /** Set when nothing was run, because the request itself was wrong: the HTTP status that says so. */
  readonly refusedWith: number | null;
  readonly hasErrors: boolean;
  /** What facts would make it wrong, where it may be kept. */
  readonly tags?: readonly string[];
  /** Epoch milliseconds: a subgraph knows that it will be wrong from then on. */
  readonly holdsUntil?: number;
};

/** An answer without data: the request was wrong, and nothing of it was run. */
export const refuse = (status: number, errors: readonly GraphError[]): Answer => ({
  body: JSON.stringify({ errors }),
  refusedWith: status,
  hasErrors: true,
});

/** Tells an answer from what a call gives when it is not refused. */
export const isAnswer = (outcome: object): outcome is Answer => 'body' in outcome;
