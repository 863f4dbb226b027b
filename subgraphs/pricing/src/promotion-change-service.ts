import { append, type Fact } from '@storegraph/events';
import type { IdempotencyConflict } from '@storegraph/idempotency';
import { type Database, type Transaction, transaction } from '@storegraph/postgres';
import {
  callerScope,
  type InputProblem,
  type InvalidInput,
  invalidInput,
  parseInput,
  type Viewer,
} from '@storegraph/server';
import type { z } from 'zod';
import { once } from './once-service.ts';

/** How a mutation ended, and what is to be told of it. */
export type Ending<Outcome> = { readonly outcome: Outcome; readonly facts: readonly Fact[] };

/** A mutation that changed nothing, or nothing that is told. */
export const ended = <Outcome>(outcome: Outcome, facts: readonly Fact[] = []): Ending<Outcome> => ({
  outcome,
  facts,
});

/** Leaves the transaction without a trace, so that the caller may mend the input and keep the key. */
export class InputRefused extends Error {
  readonly outcome: InvalidInput;
  constructor(problems: readonly InputProblem[]) {
    const outcome = invalidInput(problems);
    super(outcome.message);
    this.outcome = outcome;
  }
}

/** What all mutations of promotions and points have in common: parse, then once for a key decide, save and tell. */
export const createChange =
  (db: Database) =>
  <Schema extends z.ZodType<{ readonly idempotencyKey: string }>, Outcome extends { __typename: string }>(
    operation: string,
    schema: Schema,
    decide: (tx: Transaction, command: z.output<Schema>, viewer: Viewer) => Promise<Ending<Outcome>>,
  ) =>
  async (viewer: Viewer, input: unknown): Promise<Outcome | InvalidInput | IdempotencyConflict> => {
    const parsed = parseInput(schema, input);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key } = parsed.input;
    const intent = { scope: callerScope(viewer), operation, key, input };
    try {
      return await transaction(db, (tx) =>
        once<Outcome>(tx, intent, async () => {
          const { outcome, facts } = await decide(tx, parsed.input, viewer);
          append(tx, facts);
          return outcome;
        }),
      );
    } catch (error) {
      if (error instanceof InputRefused) return error.outcome;
      throw error;
    }
  };
