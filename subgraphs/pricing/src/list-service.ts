import { append } from '@storegraph/events';
import type { IdempotencyConflict } from '@storegraph/idempotency';
import { type Database, newId, type Transaction, transaction } from '@storegraph/postgres';
import { callerScope, type InvalidInput, invalidInput, parseInput, type Viewer } from '@storegraph/server';
import type { z } from 'zod';
import { hasGroup } from './group-repository.ts';
import * as inputs from './inputs.ts';
import { countLists, deleteList, hasPrices, insertList, lockList, updateList } from './list-repository.ts';
import { once } from './once-service.ts';
import { groupNotFound, listNotFound, type NotFound } from './refusal-domain.ts';

/** Every read of a price looks through them. */
const maxLists = 500;

export type ListSaved = { readonly __typename: 'PriceListSaved'; readonly code: string };
type ListRemoved = {
  readonly __typename: 'PriceListRemoved';
  readonly code: string;
  readonly prices: number;
};
type VersionConflict = {
  readonly __typename: 'VersionConflict';
  readonly message: string;
  readonly expected: number;
  readonly actual: number;
};
type Saved = ListSaved | NotFound<'CustomerGroupNotFound'> | VersionConflict;
type Removed = ListRemoved | NotFound<'PriceListNotFound'>;

/** Leaves the transaction without a trace, so that the caller may mend the input and keep the key. */
class ListRefused extends Error {
  readonly outcome: InvalidInput;
  constructor(path: string, message: string) {
    super(message);
    this.outcome = invalidInput([{ path: [path], message }]);
  }
}

/** The lists that prices are written in. */
export const createLists = ({ db }: { readonly db: Database }) => ({
  save: async (viewer: Viewer, input: unknown): Promise<Saved | InvalidInput | IdempotencyConflict> => {
    const parsed = parseInput(inputs.priceListSave, input);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, ...command } = parsed.input;
    const intent = { scope: callerScope(viewer), operation: 'priceListSave', key, input };
    try {
      return await transaction(db, (tx) => once<Saved>(tx, intent, () => save(tx, command)));
    } catch (error) {
      if (error instanceof ListRefused) return error.outcome;
      throw error;
    }
  },

  remove: async (viewer: Viewer, input: unknown): Promise<Removed | InvalidInput | IdempotencyConflict> => {
    const parsed = parseInput(inputs.priceListRemove, input);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, code } = parsed.input;
    const intent = { scope: callerScope(viewer), operation: 'priceListRemove', key, input };
    return transaction(db, (tx) =>
      once<Removed>(tx, intent, async () => {
        const list = await lockList(tx, code);
        if (!list) return listNotFound(code);
        const prices = await deleteList(tx, list.id);
        tell(tx, list);
        return { __typename: 'PriceListRemoved', code, prices };
      }),
    );
  },
});

type Command = Omit<z.output<typeof inputs.priceListSave>, 'idempotencyKey'>;

const save = async (tx: Transaction, { expectedVersion, ...wanted }: Command): Promise<Saved> => {
  if (wanted.customerGroup !== null && !(await hasGroup(tx, wanted.customerGroup))) {
    return groupNotFound(wanted.customerGroup);
  }
  const id = newId();
  const isNew = expectedVersion === null && (await insertList(tx, { id, ...wanted }));
  if (isNew) {
    if ((await countLists(tx)) > maxLists) {
      throw new ListRefused('code', `must be of a list that is there: there are ${maxLists} already`);
    }
    tell(tx, { id, code: wanted.code });
    return { __typename: 'PriceListSaved', code: wanted.code };
  }
  const list = await lockList(tx, wanted.code);
  if (!list || (expectedVersion !== null && list.version !== expectedVersion)) {
    return versionConflict(expectedVersion ?? 0, list?.version ?? 0);
  }
  if (list.currency !== wanted.currency && (await hasPrices(tx, list.id))) {
    throw new ListRefused('currency', `must stay ${list.currency} while the list has prices`);
  }
  await updateList(tx, { ...wanted, id: list.id, version: list.version + 1 });
  tell(tx, list);
  return { __typename: 'PriceListSaved', code: wanted.code };
};

const tell = (tx: Transaction, { id, code }: { readonly id: string; readonly code: string }): void =>
  append(tx, [{ type: 'pricing.price_list_changed', aggregateId: id, data: { code } }]);

const versionConflict = (expected: number, actual: number): VersionConflict => ({
  __typename: 'VersionConflict',
  message: `The list is at version ${actual}, not ${expected}: read it again and decide anew.`,
  ...{ expected, actual },
});
