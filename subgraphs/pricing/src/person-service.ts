import { idempotencyKey } from '@storegraph/idempotency';
import type { Database, Transaction } from '@storegraph/postgres';
import type { PersonalData, PersonalDataErased } from '@storegraph/server';
import { z } from 'zod';
import { erasePerson, isInBooks, personOf } from './person-repository.ts';
import { createChange, type Ending, ended } from './promotion-change-service.ts';

const personalDataErase = z.object({ idempotencyKey, ownerId: z.string().min(1).max(128) });

/** What is kept of customers, for them to read and to have forgotten. */
export const createPersons = ({ db }: { readonly db: Database }) => ({
  read: (customerId: string): Promise<PersonalData> => personOf(db, customerId),
  erase: createChange(db)('personalDataErase', personalDataErase, erase),
});

const erase = async (
  tx: Transaction,
  { ownerId }: z.output<typeof personalDataErase>,
): Promise<Ending<PersonalDataErased>> => {
  const items = await erasePerson(tx, ownerId);
  const kept = (await isInBooks(tx, ownerId))
    ? [
        {
          what: 'Points that came and went and coupons that orders used, under a number that leads to nobody.',
          reason: 'Both are part of the books, which are kept as commercial and tax law ask.',
        },
      ]
    : [];
  return ended({ __typename: 'PersonalDataErased', items, kept });
};
