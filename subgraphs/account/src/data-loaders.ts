import type { Database } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import DataLoader from 'dataloader';
import type { Address } from './address-domain.ts';
import { addressesByIds, addressesOf } from './address-repository.ts';
import { type Consent, type ConsentEntry, standingOf } from './consent-domain.ts';
import { ledgerPage, standingEntriesOf } from './consent-repository.ts';
import type { DataJob, Receipt } from './data-job-domain.ts';
import { archivesOf, erasureByCode, jobsByIds, latestJobsOf, receiptsOf } from './data-job-repository.ts';
import { type DataRead, noteReads } from './data-read-service.ts';
import type { PaymentMethod } from './payment-method-domain.ts';
import { paymentMethodsByIds, paymentMethodsOf } from './payment-method-repository.ts';
import { emptyProfile, type Profile } from './profile-domain.ts';
import { profilesOf } from './profile-repository.ts';

/** More were asked for by a program. */
const exportsShown = 10;

/** Reads of one request, gathered into one statement for each kind. What staff read is noted first. */
export const createDataLoaders = (db: Database, viewer: Viewer) => {
  const noted = new DataLoader<DataRead, true, string>(
    async (reads) => {
      await noteReads(db, viewer, reads);
      return reads.map(() => true as const);
    },
    { cacheKeyFn: ({ customerId, what }) => `${customerId} ${what}` },
  );
  /** Rows by their customer. */
  const byCustomer = <Row extends { readonly customerId: string }>(
    what: string,
    read: (customerIds: readonly string[]) => Promise<readonly Row[]>,
  ) =>
    new DataLoader<string, readonly Row[]>(async (keys) => {
      const ids = keys.map((key) => key.toLowerCase());
      const rows = grouped(await read(ids), ({ customerId }) => customerId);
      await Promise.all([...rows.keys()].map((customerId) => noted.load({ customerId, what })));
      return ids.map((id) => rows.get(id) ?? []);
    });
  /** One row by its own id. */
  const byId = <Row extends { readonly id: string; readonly customerId: string }>(
    what: string,
    read: (ids: readonly string[]) => Promise<readonly Row[]>,
  ) =>
    new DataLoader<string, Row | null>(async (keys) => {
      const rows = new Map((await read(keys)).map((row) => [row.id, row]));
      await Promise.all([...rows.values()].map(({ customerId }) => noted.load({ customerId, what })));
      return keys.map((key) => rows.get(key.toLowerCase()) ?? null);
    });

  const profiles = byCustomer<Profile>('profile', (ids) => profilesOf(db, viewer, ids));
  const consents = byCustomer<ConsentEntry>('consents', (ids) => standingEntriesOf(db, viewer, ids));
  const latest = (kind: DataJob['kind'], limit: number) => (customerIds: readonly string[]) =>
    latestJobsOf(db, viewer, { customerIds, kind, limit });
  const exports = byCustomer<DataJob>('exports', latest('EXPORT', exportsShown));
  const erasures = byCustomer<DataJob>('erasure', latest('ERASURE', 1));
  return {
    profile: async (customerId: string): Promise<Profile> =>
      (await profiles.load(customerId))[0] ?? emptyProfile(customerId),
    addresses: byCustomer<Address>('addresses', (ids) => addressesOf(db, viewer, ids)),
    address: byId<Address>('addresses', (ids) => addressesByIds(db, viewer, ids)),
    paymentMethods: byCustomer<PaymentMethod>('payment methods', (ids) => paymentMethodsOf(db, viewer, ids)),
    paymentMethod: byId<PaymentMethod>('payment methods', (ids) => paymentMethodsByIds(db, viewer, ids)),
    consents: async (customerId: string): Promise<Consent[]> => standingOf(await consents.load(customerId)),
    consentLedger: async (page: { customerId: string; before: number | null; limit: number }) => {
      const entries = await ledgerPage(db, viewer, page);
      if (entries.length > 0) await noted.load({ customerId: page.customerId, what: 'consents' });
      return entries;
    },
    exports,
    erasure: async (customerId: string): Promise<DataJob | null> => {
      const [erasure = null] = await erasures.load(customerId);
      return erasure?.status === 'WITHDRAWN' ? null : erasure;
    },
    job: byId<DataJob>('jobs', (ids) => jobsByIds(db, viewer, ids)),
    erasureByCode: (code: string) => erasureByCode(db, code),
    receipts: new DataLoader<string, readonly Receipt[]>(async (jobIds) => {
      const receipts = grouped(await receiptsOf(db, jobIds), ({ jobId }) => jobId);
      return jobIds.map((id) => receipts.get(id) ?? []);
    }),
    archive: new DataLoader<string, Buffer | null>(async (jobIds) => {
      const archives = new Map((await archivesOf(db, viewer, jobIds)).map((row) => [row.id, row.archive]));
      return jobIds.map((id) => archives.get(id) ?? null);
    }),
  };
};

export type DataLoaders = ReturnType<typeof createDataLoaders>;

const grouped = <Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> => {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
};
