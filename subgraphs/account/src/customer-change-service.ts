import { append, type Fact } from '@storegraph/events';
import { type IdempotencyConflict, once } from '@storegraph/idempotency';
import { type Database, type Transaction, transaction } from '@storegraph/postgres';
import { callerScope, type InvalidInput, parseInput, type Viewer } from '@storegraph/server';
import type { z } from 'zod';
import type { OpenAccount } from './account-domain.ts';
import { lockOwner } from './change-service.ts';
import type { Profile } from './profile-domain.ts';
import { holdProfile } from './profile-repository.ts';
import { sessionEnded } from './refusal-domain.ts';

type SessionEnded = ReturnType<typeof sessionEnded>;

/** A customer who asks for themselves. Nobody else changes what this part keeps. */
export type CustomerViewer = Viewer & { readonly kind: 'customer'; readonly id: string };

const isCustomer = (viewer: Viewer): viewer is CustomerViewer => viewer.kind === 'customer';

/** How a mutation ended, and what is to be told of it. */
export type Ending<Outcome> = { readonly outcome: Outcome; readonly facts: readonly Fact[] };

/** A mutation that changed nothing. */
export const unchanged = <Outcome>(outcome: Outcome): Ending<Outcome> => ({ outcome, facts: [] });

/** What a change decides on: whose it is, held until the commit, and what is asked. */
export type Held<Command> = {
  readonly tx: Transaction;
  readonly viewer: CustomerViewer;
  readonly account: OpenAccount;
  readonly profile: Profile;
  readonly command: Command;
};

/**
 * What all changes have in common: parse, then once for a key, in one transaction, hold the customer, decide, tell.
 * The account is held, so that of two devices at once one comes after the other, and the closing ends them all.
 */
export const createCustomerChange =
  (db: Database) =>
  <
    Schema extends z.ZodType<{ readonly idempotencyKey: string }>,
    Ended extends Ending<{ __typename: string }>,
  >(
    operation: string,
    schemaNow: () => Schema,
    decide: (held: Held<z.output<Schema>>) => Promise<Ended>,
  ) =>
  async (
    viewer: Viewer,
    input: unknown,
  ): Promise<Ended['outcome'] | SessionEnded | InvalidInput | IdempotencyConflict> => {
    const parsed = parseInput(schemaNow(), input);
    if ('invalid' in parsed) return parsed.invalid;
    if (!isCustomer(viewer)) return sessionEnded();
    const command = parsed.input;
    const intent = { scope: callerScope(viewer), operation, key: command.idempotencyKey, input };
    return transaction(db, async (tx) => {
      // Before the key: what a session that has ended was told is not kept, and a repeat is authorised again.
      const owner = await lockOwner(tx, viewer);
      if (!owner) return sessionEnded();
      return once<Ended['outcome']>(tx, intent, async () => {
        const profile = await holdProfile(tx, viewer.id);
        const { outcome, facts } = await decide({ tx, viewer, account: owner.account, profile, command });
        append(tx, facts);
        return outcome;
      });
    });
  };

export type CustomerChange = ReturnType<typeof createCustomerChange>;

/** What is kept of a change that succeeded: what it names is read again for each answer. */
export type CustomerOutcome = { readonly customerId: string };
