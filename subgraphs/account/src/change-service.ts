import { type IdempotencyConflict, isReplay, markReplay, once } from '@storegraph/idempotency';
import { type Database, type Reader, type Transaction, transaction } from '@storegraph/postgres';
import { callerScope, type InvalidInput, parseInput, type Viewer } from '@storegraph/server';
import type { z } from 'zod';
import { type Account, isOpen, type OpenAccount } from './account-domain.ts';
import { sessionEnded } from './refusal-domain.ts';
import { accountById, lockAccount, lockAccounts } from './repository.ts';
import type { Secrets } from './secrets-domain.ts';
import { liveSession, type SessionRow } from './session-repository.ts';

/** Who asks, and from where. */
export type Asking = { readonly viewer: Viewer; readonly address: string | null };

type Outcome = { readonly __typename: string };
type Input = z.ZodType<{ readonly idempotencyKey: string }>;

/**
 * What is found out before the transaction: `{ refusal }`, which is not kept for repeats, or `{ ready }`, which is gone
 * on with.
 */
type RefusalIn<Found> = Found extends { readonly refusal: infer Refusal } ? Refusal : never;
type ReadyIn<Found> = Found extends { readonly ready: infer Ready } ? Ready : never;

const isRefused = <Found>(found: Found): found is Found & { readonly refusal: RefusalIn<Found> } =>
  typeof found === 'object' && found !== null && 'refusal' in found;

/** What opens something does not stand in the table of keys, not even as a hash that could be guessed at. */
const secretFields = new Set([
  ...['password', 'newPassword', 'currentPassword', 'token', 'refreshToken', 'deviceToken'],
  ...['challenge', 'code', 'flow', 'callbackUrl'],
]);

/** An input as it is kept: by the first key, and by each that may have masked it before that one. */
const maskedByAll = (secrets: Secrets, input: object): readonly [object, ...object[]] => {
  const masked = (keyed: Secrets['keyed']): object =>
    Object.fromEntries(
      Object.entries(input).map(([name, value]) =>
        secretFields.has(name) && typeof value === 'string' ? [name, keyed(name, value)] : [name, value],
      ),
    );
  const [first, ...older] = secrets.keyedByAll;
  return [masked(first), ...older.map(masked)];
};

/** Ends a change that is not kept for repeats: who signs in may send the same again. */
class NotSignedIn extends Error {
  readonly outcome = sessionEnded();
}

/** Ends the attempt to find a kept outcome when there is none. */
class NothingKept extends Error {}

type Intent = Parameters<typeof once>[1];

/** Outcomes that are kept for repeats. */
const createKept = (db: Database) => {
  const keptBy = async (intent: Intent): Promise<Outcome | null> => {
    try {
      return await transaction(db, (tx) =>
        once<Outcome>(tx, intent, async () => {
          throw new NothingKept();
        }),
      );
    } catch (error) {
      if (error instanceof NothingKept) return null;
      throw error;
    }
  };

  /** What is kept of an intent, however it was masked: another masking looks like another input. */
  const kept = async (intents: readonly Intent[]): Promise<Outcome | null> => {
    let outcome: Outcome | null = null;
    for (const intent of intents) {
      outcome = await keptBy(intent);
      if (outcome?.__typename !== 'IdempotencyConflict') break;
    }
    return outcome;
  };

  /** Decides once for an intent, by whichever key what is kept of it was masked. */
  const decideOnce = async <Ended extends Outcome>(
    [intent, ...older]: readonly [Intent, ...Intent[]],
    decide: (tx: Transaction) => Promise<Ended>,
  ): Promise<Ended | IdempotencyConflict> => {
    const outcome = await transaction(db, (tx) => once<Ended>(tx, intent, () => decide(tx))).catch(
      (error: unknown) => {
        // Whoever throws it says so in the type of what it decides.
        if (error instanceof NotSignedIn) return error.outcome as unknown as Ended;
        throw error;
      },
    );
    if (outcome.__typename !== 'IdempotencyConflict') return outcome;
    // It was kept by this very mutation.
    return ((await kept(older)) ?? outcome) as Ended | IdempotencyConflict;
  };

  return { kept, decideOnce };
};

/** What all mutations have in common: parse, find out what is slow, then once for a key, in one transaction, decide. */
export const createChange = ({ db, secrets }: { readonly db: Database; readonly secrets: Secrets }) => {
  const { kept, decideOnce } = createKept(db);

  return <Schema extends Input, Found, Ended extends Outcome>(
    operation: string,
    schema: Schema,
    {
      scope = (_command, { viewer }) => callerScope(viewer),
      before,
      decide,
    }: {
      /** Whose keys these are; the caller's when left out. */
      readonly scope?: (command: z.output<Schema>, asking: Asking) => string;
      /** Passwords, and whatever else takes its time. A repeat of what was done does not come here. */
      readonly before?: (command: z.output<Schema>, asking: Asking) => Promise<Found>;
      readonly decide: (
        tx: Transaction,
        command: z.output<Schema>,
        asking: Asking,
        ready: ReadyIn<Found>,
      ) => Promise<Ended>;
    },
  ) =>
    async (
      asking: Asking,
      input: object,
    ): Promise<RefusalIn<Found> | Ended | InvalidInput | IdempotencyConflict> => {
      const parsed = parseInput(schema, input);
      if ('invalid' in parsed) return parsed.invalid;
      const command = parsed.input;
      const { idempotencyKey: key } = command;
      const whose = { scope: scope(command, asking), operation, key };
      const [masked, ...older] = maskedByAll(secrets, input);
      const intents = [
        { ...whose, input: masked },
        ...older.map((one) => ({ ...whose, input: one })),
      ] as const;
      const known = before ? await kept(intents) : null;
      // It was kept by this very mutation.
      if (known) return known as Ended | IdempotencyConflict;
      const found = await before?.(command, asking);
      if (isRefused(found)) return found.refusal;
      // What is no refusal is ready; without `before`, nobody asks for it.
      const { ready } = (found ?? {}) as { readonly ready: ReadyIn<Found> };
      return decideOnce<Ended>(intents, (tx) => decide(tx, command, asking, ready));
    };
};

export type Change = ReturnType<typeof createChange>;

/** Makes an outcome whole after it was decided, or read again: what a client gets is more than what is kept. */
export const whole = <Kept extends object, Whole extends object>(outcome: Kept, made: Whole): Whole =>
  isReplay(outcome) ? markReplay(made) : made;

/** The account that asks, by a session that has not ended, if there is one. */
export type Owner = { readonly account: OpenAccount; readonly session: SessionRow | null };

const ownerBy = async (
  reader: Reader,
  viewer: Viewer,
  read: (id: string) => ReturnType<typeof accountById>,
): Promise<Owner | null> => {
  if (viewer.kind !== 'customer' && viewer.kind !== 'staff') return null;
  const account = await read(viewer.id);
  const isOfItsKind = (account?.role === 'customer') === (viewer.kind === 'customer');
  if (!isOpen(account) || !isOfItsKind) return null;
  // A token that was made by hand, by whoever has the keys, has no session.
  if (viewer.sessionId === undefined) return { account, session: null };
  const session = await liveSession(reader, viewer.sessionId);
  return session?.accountId === account.id ? { account, session } : null;
};

export const ownerOf = (reader: Reader, viewer: Viewer): Promise<Owner | null> =>
  ownerBy(reader, viewer, (id) => accountById(reader, id));

export const lockOwner = (tx: Transaction, viewer: Viewer): Promise<Owner | null> =>
  ownerBy(tx, viewer, (id) => lockAccount(tx, id));

type Refused = ReturnType<typeof sessionEnded>;

/** A mutation on one's own account: who has none, or whose session has ended, is told to sign in. */
export const asOwner =
  <Command, Ended>(decide: (tx: Transaction, owner: Owner, command: Command) => Promise<Ended>) =>
  async (tx: Transaction, command: Command, { viewer }: Asking): Promise<Ended | Refused> => {
    const owner = await lockOwner(tx, viewer);
    if (!owner) throw new NotSignedIn();
    return decide(tx, owner, command);
  };

/** Whether whoever works here still does: a router may hear of the end of a session a moment later. */
const isStillStaff = async (tx: Transaction, viewer: Viewer, own: Account | null): Promise<boolean> => {
  if (viewer.kind !== 'staff') return viewer.kind === 'service';
  // A token that was made by hand, by whoever has the keys, needs neither an account nor a session.
  if (viewer.sessionId === undefined) return own === null || isOpen(own);
  const session = await liveSession(tx, viewer.sessionId);
  return isOpen(own) && own.role !== 'customer' && session?.accountId === own.id;
};

/**
 * A mutation of staff on somebody's account, which is held together with their own: of two who suspend each other at
 * once, one comes second and is refused.
 */
export const asStaff =
  <Command, Ended>(
    targetOf: (command: Command) => string | null,
    decide: (tx: Transaction, target: Account | null, command: Command, asking: Asking) => Promise<Ended>,
  ) =>
  async (tx: Transaction, command: Command, asking: Asking): Promise<Ended | Refused> => {
    const { viewer } = asking;
    const [ownId, targetId] = [viewer.kind === 'anonymous' ? '' : viewer.id, targetOf(command) ?? ''];
    const held = await lockAccounts(tx, [ownId, targetId]);
    if (!(await isStillStaff(tx, viewer, held.get(ownId) ?? null))) throw new NotSignedIn();
    return decide(tx, held.get(targetId) ?? null, command, asking);
  };
