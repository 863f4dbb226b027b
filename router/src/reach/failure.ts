import type { SubgraphAnswer, Subquery } from './transport.ts';

/** Why a subgraph could not be asked, or its answer not be used. */
export type FailureCode =
  | 'SUBGRAPH_UNREACHABLE'
  | 'SUBGRAPH_TIMEOUT'
  | 'SUBGRAPH_GARBAGE'
  | 'SUBGRAPH_BROKEN'
  | 'SERVICE_UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'UNAUTHENTICATED';

const sentences: Readonly<Record<FailureCode, (subgraph: string) => string>> = {
  SUBGRAPH_UNREACHABLE: (subgraph) => `The subgraph ${subgraph} cannot be reached.`,
  SUBGRAPH_TIMEOUT: (subgraph) => `The subgraph ${subgraph} took too long to answer.`,
  SUBGRAPH_GARBAGE: (subgraph) => `The subgraph ${subgraph} answered something that is no GraphQL answer.`,
  SUBGRAPH_BROKEN: (subgraph) => `The subgraph ${subgraph} has failed several times. Try again in a moment.`,
  SERVICE_UNAVAILABLE: (subgraph) => `The subgraph ${subgraph} is asked too much. Try again in a moment.`,
  DEADLINE_EXCEEDED: (subgraph) => `The subgraph ${subgraph} had not answered within the time limit.`,
  UNAUTHENTICATED: (subgraph) => `The subgraph ${subgraph} does not take the token. Connect with a new one.`,
};

const neverSent: ReadonlySet<FailureCode> = new Set<FailureCode>(['SUBGRAPH_BROKEN', 'SERVICE_UNAVAILABLE']);

const unknownEnd =
  ' The mutation may have been carried out all the same: repeat it with the same idempotencyKey to find out.';

/** What a failure is called towards clients. It tells nothing of addresses and causes: those are in the log. */
export const failureMessage = (subgraph: string, code: FailureCode): string => sentences[code](subgraph);

/** A failure as an answer. */
export const failure = (
  { subgraph, kind }: Pick<Subquery, 'subgraph' | 'kind'>,
  code: FailureCode,
): SubgraphAnswer => {
  const doubt = kind === 'mutation' && !neverSent.has(code) ? unknownEnd : '';
  return { errors: [{ message: failureMessage(subgraph, code) + doubt, extensions: { code } }] };
};
