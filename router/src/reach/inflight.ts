import { type Call, rightsOf } from '@storegraph/server';
import { byDeadline } from './by-deadline.ts';
import { failure } from './failure.ts';
import type { SubgraphAnswer, Subquery, Transport } from './transport.ts';

type Settled = {
  readonly answer: SubgraphAnswer;
  /** What nobody writes into; null where nobody shares. */
  readonly untouched: unknown;
};

/** A question on its way. */
type Question = {
  readonly settled: Promise<Settled>;
  readonly askedAt: number;
  readonly deadlineAt: number;
  sharers: number;
};

/** An answer to who has joined its question later: what holds for a while holds for less. */
const heardLater = (answer: SubgraphAnswer, lateMs: number): SubgraphAnswer => {
  const holdsForMs = answer.extensions?.['holdsForMs'];
  if (typeof holdsForMs !== 'number') return answer;
  return { ...answer, extensions: { ...answer.extensions, holdsForMs: holdsForMs - lateMs } };
};

const copyOf = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  // By fromEntries, which makes a field of the name `__proto__` like any other.
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copyOf(inner)]));
};

/** Everything of a call that a subgraph could make a difference of. */
const scopeOf = ({ token, viewer }: Call): string => token ?? rightsOf(viewer);

const isLate = ({ errors }: SubgraphAnswer): boolean =>
  errors?.some(({ extensions }) => extensions?.['code'] === 'DEADLINE_EXCEEDED') ?? false;

/**
 * Makes ways to subgraphs on which equal queries that are under way at the same time are asked once. A mutation ends
 * that for all queries before it: whoever has heard that something changed is not given an answer from before.
 */
export const createInflight = (): ((transport: Transport) => Transport) => {
  const underWay = new Map<string, Question>();

  const begin = (
    key: string,
    transport: Transport,
    ...[subquery, variables, call]: Parameters<Transport['fetch']>
  ): Question => {
    const asking = transport.fetch(subquery, variables, call);
    const settle = async (): Promise<Settled> => {
      try {
        const answer = await asking;
        // Before anyone has it: the first to be given it writes into it.
        return { answer, untouched: question.sharers > 0 ? copyOf(answer.data) : null };
      } finally {
        if (underWay.get(key) === question) underWay.delete(key);
      }
    };
    const question: Question = {
      ...{ settled: settle(), askedAt: Date.now(), deadlineAt: call.deadlineAt, sharers: 0 },
    };
    underWay.set(key, question);
    return question;
  };

  const share = async (
    question: Question,
    subquery: Subquery,
    { deadlineAt }: Call,
  ): Promise<SubgraphAnswer | null> => {
    question.sharers += 1;
    const { settled } = question;
    const lateMs = Date.now() - question.askedAt;
    const outcome = deadlineAt < question.deadlineAt ? await byDeadline(deadlineAt, settled) : await settled;
    if (outcome === 'late') return failure(subquery, 'DEADLINE_EXCEEDED');
    const { untouched } = outcome;
    const answer = heardLater(outcome.answer, lateMs);
    // The time of whoever asked was up, and ours is not.
    if (isLate(answer) && Date.now() < deadlineAt) return null;
    return answer.data === undefined ? answer : { ...answer, data: copyOf(untouched) };
  };

  const around = (transport: Transport): Transport => {
    const fetch: Transport['fetch'] = async (subquery, variables, call) => {
      if (subquery.kind !== 'query') {
        try {
          return await transport.fetch(subquery, variables, call);
        } finally {
          underWay.clear();
        }
      }
      const key = `${transport.name} ${scopeOf(call)} ${subquery.wire} ${JSON.stringify(variables)}`;
      const before = underWay.get(key);
      if (!before) return (await begin(key, transport, subquery, variables, call).settled).answer;
      return (await share(before, subquery, call)) ?? fetch(subquery, variables, call);
    };
    return { ...transport, fetch };
  };
  return around;
};
