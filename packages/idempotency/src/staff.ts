import { append, type Fact, type FactType } from '@storegraph/events';
import type { Transaction } from '@storegraph/postgres';
import { type Command, type IdempotencyConflict, once } from './once.ts';

/** As many things as one entry of the audit log names. */
const maxNamed = 10;
const maxLetters = 64;
const staffScope = /^staff:(.+)$/s;
/** A field that says what a mutation is about. */
const namesAThing = /^(?:sku|code|slug|\w+(?:Id|Code))$/;
const isId = (text: string) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
/** Whatever is typed into a field may be a sentence, or an address of somebody: neither is written down. */
const isWord = (text: string) => text.length <= maxLetters && /^[^\s@\p{C}]+$/u.test(text);

type StaffFact = Extract<FactType, `${string}.staff_acted`>;
type Outcome = { readonly __typename: string };

/**
 * What is told of a command that somebody of the staff gave: by ids, codes and SKUs alone, since it is kept for good.
 * Null for everybody else's.
 */
export const staffActed = (
  type: StaffFact,
  { scope, operation, input }: Omit<Command, 'key'>,
  outcome: Outcome,
): Fact | null => {
  const [, staffId] = staffScope.exec(scope) ?? [];
  if (staffId === undefined) return null;
  const on = { ...thingsIn(input), ...thingsIn(outcome) };
  return {
    type,
    aggregateId: staffId,
    data: {
      operation,
      outcome: outcome.__typename,
      on: Object.fromEntries(Object.entries(on).slice(0, maxNamed)),
    },
  };
};

const thingsIn = (given: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(given ?? {}).filter(
      ([name, value]) =>
        namesAThing.test(name) &&
        typeof value === 'string' &&
        (name.endsWith('Id') ? isId(value) : isWord(value)),
    ),
  );

/** `once` for a subgraph that tells what staff had it do, refusals included, with the change itself. A repeat tells nothing. */
export const onceTelling =
  (type: StaffFact) =>
  <Ended extends Outcome>(
    tx: Transaction,
    command: Command,
    work: () => Promise<Ended>,
  ): Promise<Ended | IdempotencyConflict> =>
    once(tx, command, async () => {
      const outcome = await work();
      const fact = staffActed(type, command, outcome);
      if (fact) append(tx, [fact]);
      return outcome;
    });
