import type { Viewer } from '@storegraph/server';
import { GraphQLError } from 'graphql';
import { addressFormatOf } from './address-country-domain.ts';
import { addressUses } from './address-domain.ts';
import { consentCursorOf, consentOfCursor } from './consent-domain.ts';
import type { DataLoaders } from './data-loaders.ts';
import type { CustomerData } from './data-service.ts';
import { hasExpired } from './payment-method-domain.ts';
import type { Resolvers } from './schema.generated.ts';

/** What these resolvers find beside their arguments. */
export type DataContext = {
  readonly viewer: Viewer;
  readonly customerData: CustomerData;
  readonly dataLoaders: DataLoaders;
};

const defaultConsents = 50;
const maxConsents = 200;

const refused = (code: string, message: string) => new GraphQLError(message, { extensions: { code } });

/** Only customers have what this part keeps. Guests and strangers may become one, so they are told to sign in. */
const noStaff = (viewer: Viewer): Viewer => {
  if (viewer.kind === 'staff' || viewer.kind === 'service')
    throw refused('FORBIDDEN', 'Only customers do this, each for themselves.');
  return viewer;
};

const query: NonNullable<Resolvers['Query']> = {
  addressFormat: (_parent, { country }) => addressFormatOf(country.slice(0, 2)),
  erasureStatus: (_parent, { receiptCode }, { dataLoaders }) => dataLoaders.erasureByCode(receiptCode),
};

const mutation: NonNullable<Resolvers['Mutation']> = {
  customerProfileUpdate: (_parent, { input }, { customerData, viewer }) =>
    customerData.profiles.update(noStaff(viewer), input),
  preferencesUpdate: (_parent, { input }, { customerData, viewer }) =>
    customerData.profiles.updatePreferences(noStaff(viewer), input),
  addressAdd: (_parent, { input }, { customerData, viewer }) =>
    customerData.addresses.add(noStaff(viewer), input),
  addressUpdate: (_parent, { input }, { customerData, viewer }) =>
    customerData.addresses.update(noStaff(viewer), input),
  addressRemove: (_parent, { input }, { customerData, viewer }) =>
    customerData.addresses.remove(noStaff(viewer), input),
  addressDefaultSet: (_parent, { input }, { customerData, viewer }) =>
    customerData.addresses.setDefault(noStaff(viewer), input),
  paymentMethodAdd: (_parent, { input }, { customerData, viewer }) =>
    customerData.paymentMethods.add(noStaff(viewer), input),
  paymentMethodRemove: (_parent, { input }, { customerData, viewer }) =>
    customerData.paymentMethods.remove(noStaff(viewer), input),
  paymentMethodDefaultSet: (_parent, { input }, { customerData, viewer }) =>
    customerData.paymentMethods.setDefault(noStaff(viewer), input),
  consentGrant: (_parent, { input }, { customerData, viewer }) =>
    customerData.consents.grant(noStaff(viewer), input),
  consentWithdraw: (_parent, { input }, { customerData, viewer }) =>
    customerData.consents.withdraw(noStaff(viewer), input),
  dataExportRequest: (_parent, { input }, { customerData, viewer }) =>
    customerData.jobs.requestExport(noStaff(viewer), input),
  erasureRequest: (_parent, { input }, { customerData, viewer }) =>
    customerData.jobs.requestErasure(noStaff(viewer), input),
  erasureWithdraw: (_parent, { input }, { customerData, viewer }) =>
    customerData.jobs.withdrawErasure(noStaff(viewer), input),
};

const customer: NonNullable<Resolvers['Customer']> = {
  profile: ({ id }, _args, { dataLoaders }) => dataLoaders.profile(id),
  preferences: ({ id }, _args, { dataLoaders }) => dataLoaders.profile(id),
  addresses: ({ id }, _args, { dataLoaders }) => dataLoaders.addresses.load(id),
  defaultAddress: async ({ id }, { use }, { dataLoaders }) => {
    const addressId = (await dataLoaders.profile(id)).defaultAddresses[use];
    return addressId === null ? null : dataLoaders.address.load(addressId);
  },
  paymentMethods: ({ id }, _args, { dataLoaders }) => dataLoaders.paymentMethods.load(id),
  consents: ({ id }, _args, { dataLoaders }) => dataLoaders.consents(id),
  consentLedger: async ({ id }, { first, after }, { dataLoaders }) => {
    const size = first ?? defaultConsents;
    const before = after === null || after === undefined ? null : consentOfCursor(after);
    if (size < 1 || size > maxConsents) throw refused('BAD_USER_INPUT', `first must be 1 to ${maxConsents}.`);
    if (before === null && typeof after === 'string')
      throw refused('BAD_USER_INPUT', 'after must be a cursor of this list.');
    const entries = await dataLoaders.consentLedger({ customerId: id, before, limit: size + 1 });
    return {
      entries: entries.slice(0, size),
      hasNextPage: entries.length > size,
      hasPreviousPage: before !== null,
    };
  },
  dataExports: ({ id }, _args, { dataLoaders }) => dataLoaders.exports.load(id),
  erasure: ({ id }, _args, { dataLoaders }) => dataLoaders.erasure(id),
};

type OfCustomer = { readonly customerId: string };
const ofCustomer = { customer: ({ customerId }: OfCustomer) => ({ id: customerId }) };

const ofAddress = {
  ...ofCustomer,
  address: ({ addressId }: { readonly addressId: string }, _args: unknown, { dataLoaders }: DataContext) =>
    dataLoaders.address.load(addressId),
};
const ofPaymentMethod = {
  ...ofCustomer,
  paymentMethod: (
    { paymentMethodId }: { readonly paymentMethodId: string },
    _args: unknown,
    { dataLoaders }: DataContext,
  ) => dataLoaders.paymentMethod.load(paymentMethodId),
};
const jobOf = async ({ jobId }: { readonly jobId: string }, _args: unknown, { dataLoaders }: DataContext) =>
  found(await dataLoaders.job.load(jobId));

const isOwn = ({ customerId }: OfCustomer, viewer: Viewer): boolean =>
  viewer.kind === 'customer' && viewer.id === customerId;

/** GraphQL in, one call, GraphQL out: what a customer keeps with the shop. */
export const dataResolvers = {
  Query: query,
  Mutation: mutation,
  Customer: customer,
  Address: {
    __resolveReference: ({ id }, { dataLoaders }) => dataLoaders.address.load(id),
    defaultFor: async ({ id, customerId }, _args, { dataLoaders }) => {
      const { defaultAddresses } = await dataLoaders.profile(customerId);
      return addressUses.filter((use) => defaultAddresses[use] === id);
    },
  },
  PaymentMethod: {
    __resolveReference: ({ id }, { dataLoaders }) => dataLoaders.paymentMethod.load(id),
    token: ({ token }, _args, { viewer }) => (viewer.kind === 'service' ? token : null),
    isExpired: (method) => hasExpired(method, new Date()),
    isDefault: async ({ id, customerId }, _args, { dataLoaders }) =>
      (await dataLoaders.profile(customerId)).defaultPaymentMethodId === id,
  },
  ConsentEntry: { id: ({ id }) => String(id) },
  ConsentEntryConnection: {
    edges: ({ entries }) => entries.map((node) => ({ node, cursor: consentCursorOf(node.id) })),
    nodes: ({ entries }) => entries,
    pageInfo: ({ entries, hasNextPage, hasPreviousPage }) => {
      const [start, end] = [entries.at(0), entries.at(-1)];
      return {
        hasNextPage,
        hasPreviousPage,
        startCursor: start ? consentCursorOf(start.id) : null,
        endCursor: end ? consentCursorOf(end.id) : null,
      };
    },
  },
  DataExport: {
    receipts: ({ id }, _args, { dataLoaders }) => dataLoaders.receipts.load(id),
    archive: (job, _args, { dataLoaders, viewer }) =>
      isOwn(job, viewer) ? dataLoaders.archive.load(job.id) : null,
  },
  Erasure: {
    receipts: ({ id }, _args, { dataLoaders }) => dataLoaders.receipts.load(id),
    receiptCode: (job, _args, { viewer }) => (isOwn(job, viewer) ? job.receiptCode : null),
  },
  CustomerProfileUpdated: ofCustomer,
  PreferencesUpdated: ofCustomer,
  AddressAdded: ofAddress,
  AddressUpdated: ofAddress,
  AddressDefaultSet: ofAddress,
  AddressRemoved: ofCustomer,
  PaymentMethodAdded: ofPaymentMethod,
  PaymentMethodDefaultSet: ofPaymentMethod,
  PaymentMethodRemoved: ofCustomer,
  ConsentGranted: ofCustomer,
  ConsentWithdrawn: ofCustomer,
  DataExportRequested: { dataExport: jobOf },
  ErasureRequested: { erasure: jobOf },
  ErasureWithdrawn: { erasure: jobOf },
} satisfies Partial<Resolvers>;

/** Rows point to rows that the database keeps for them. */
const found = <T>(row: T | null): T => {
  if (row === null) throw new Error('A row points to another that is not there.');
  return row;
};
