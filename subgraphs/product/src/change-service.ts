import { append, type Fact } from '@storegraph/events';
import type { IdempotencyConflict } from '@storegraph/idempotency';
import { type Database, isUniqueViolation, type Transaction, transaction } from '@storegraph/postgres';
import { callerScope, type InvalidInput, invalidInput, parseInput, type Viewer } from '@storegraph/server';
import type { z } from 'zod';
import { type Change, editRefusal, type Product } from './domain.ts';
import { relist } from './listing-repository.ts';
import { once } from './once-service.ts';
import { productNotFound } from './refusal-domain.ts';
import { lockProduct, saveProduct } from './repository.ts';
import type { Problem } from './type-domain.ts';

/** How a mutation ended, and what is to be told of it. */
export type Ending<Outcome> = { readonly outcome: Outcome; readonly facts: readonly Fact[] };

/** A mutation that changed nothing. */
export const refused = <Refusal>(refusal: Refusal): Ending<Refusal> => ({ outcome: refusal, facts: [] });

/** The refusal of rules that only what is stored can tell broken. */
export const refusedInput = (problems: readonly Problem[]): Ending<InvalidInput> =>
  refused(invalidInput(problems));

/** Each loser of a race for one slug or SKU sees the winner on its next try, so one is enough for each of them. */
const maxRaces = 5;
const racedFor = ['variants_sku', 'product_slugs_slug', 'categories_slug', 'product_types_code_key'];

/** What all mutations have in common: parse, then once for a key, in one transaction, decide, save, tell. */
export const createChange =
  (db: Database) =>
  <
    Schema extends z.ZodType<{ readonly idempotencyKey: string }>,
    Ended extends Ending<{ __typename: string }>,
  >(
    operation: string,
    schema: Schema,
    decide: (tx: Transaction, command: z.output<Schema>) => Promise<Ended>,
  ) =>
  async (viewer: Viewer, input: unknown): Promise<Ended['outcome'] | InvalidInput | IdempotencyConflict> => {
    const parsed = parseInput(schema, input);
    if ('invalid' in parsed) return parsed.invalid;
    const command = parsed.input;
    const intent = { scope: callerScope(viewer), operation, key: command.idempotencyKey, input };

    const attempt = () =>
      transaction(db, async (tx) => {
        let facts: readonly Fact[] = [];
        const outcome = await once<Ended['outcome']>(tx, intent, async () => {
          const ending = await decide(tx, command);
          if (isInvalidInput(ending.outcome)) throw new InputRefused(ending.outcome);
          facts = ending.facts;
          return ending.outcome;
        });
        append(tx, facts);
        return outcome;
      });
    return unlessRefused(() => racing(attempt));
  };

/** Leaves the transaction without a trace, so that the caller may mend the input and keep the key. */
class InputRefused extends Error {
  readonly outcome: InvalidInput;
  constructor(outcome: InvalidInput) {
    super(outcome.message);
    this.outcome = outcome;
  }
}

const isInvalidInput = (outcome: { __typename: string }): outcome is InvalidInput =>
  outcome.__typename === 'InvalidInput';

const unlessRefused = async <T>(work: () => Promise<T>): Promise<T | InvalidInput> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InputRefused) return error.outcome;
    throw error;
  }
};

/** A slug or SKU that was free when it was looked up can be taken when it is written: look again then. */
const racing = async <T>(attempt: () => Promise<T>): Promise<T> => {
  for (let races = 1; ; races += 1) {
    try {
      return await attempt();
    } catch (error) {
      const isRace = racedFor.some((constraint) => isUniqueViolation(error, constraint));
      if (!isRace || races === maxRaces) throw error;
    }
  }
};

export type Mutations = ReturnType<typeof createChange>;

/** Holds a product that may be changed, or says why not. */
export const holdProduct = async (tx: Transaction, id: string) => {
  const held = await lockProduct(tx, id);
  if (!held) return { refusal: productNotFound(id) };
  const refusal = editRefusal(held.product);
  return refusal ? { refusal } : held;
};

/** Writes a product that was changed with the listings that follow from it; without a fact nothing changed. */
export const saveChange = async (tx: Transaction, { product, facts }: Change): Promise<void> => {
  if (facts.length === 0) return;
  await saveProduct(tx, product);
  await relist(tx, [product.id]);
};

/** What is kept of a change that succeeded: the product's row is read again for each answer. */
export type ProductOutcome = { readonly productId: string };

/** The outcome that names the product. */
export const ofProduct = <Name extends string>(
  __typename: Name,
  { product, facts }: { product: Product; facts: readonly Fact[] },
) => ({
  outcome: { __typename, productId: product.id },
  facts,
});
