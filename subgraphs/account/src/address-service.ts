import { newId, type Transaction } from '@storegraph/postgres';
import {
  type Address,
  type AddressUse,
  defaultsAfterAdding,
  defaultsAfterRemoving,
  maxAddresses,
} from './address-domain.ts';
import { addressesOf, deleteAddress, saveAddress } from './address-repository.ts';
import {
  type CustomerChange,
  type CustomerOutcome,
  type CustomerViewer,
  type Ending,
  unchanged,
} from './customer-change-service.ts';
import * as inputs from './data-inputs.ts';
import { type Profile, versionRefusal } from './profile-domain.ts';
import { saveProfile } from './profile-repository.ts';

export type AddressOutcome = CustomerOutcome & { readonly addressId: string };

const notFound = (addressId: string) => ({
  __typename: 'AddressNotFound' as const,
  message: `You have no address ${addressId}.`,
  addressId,
});

const limitReached = () => ({
  __typename: 'AddressLimitReached' as const,
  message: `An address book holds ${maxAddresses} addresses: remove one first.`,
  limit: maxAddresses,
});

/** A customer's address book. Their row is held, so that of two changes at once one comes after the other. */
export const createAddresses = (change: CustomerChange) => ({
  add: change(
    'addressAdd',
    () => inputs.addressAdd,
    async ({ tx, viewer, profile, command }) => {
      const { customerId } = profile;
      if ((await addressesOf(tx, viewer, [viewer.id])).length >= maxAddresses)
        return unchanged(limitReached());
      const address = { ...command.address, id: newId(), customerId, version: 1 };
      await saveAddress(tx, address);
      await makeDefault(tx, profile, { id: address.id, uses: command.defaultFor });
      return saved('AddressAdded', address);
    },
  ),

  update: change(
    'addressUpdate',
    () => inputs.addressUpdate,
    async ({ tx, viewer, command }) => {
      const address = await ownAddress(tx, viewer, command.addressId);
      if (!address) return unchanged(notFound(command.addressId));
      const refusal = versionRefusal(command.expectedVersion, address.version);
      if (refusal) return unchanged(refusal);
      await saveAddress(tx, { ...address, ...command.address, version: address.version + 1 });
      return saved('AddressUpdated', address);
    },
  ),

  remove: change(
    'addressRemove',
    () => inputs.addressRemove,
    async ({ tx, viewer, profile, command }) => {
      const all = await addressesOf(tx, viewer, [viewer.id]);
      const address = all.find(({ id }) => id === command.addressId);
      if (!address) return unchanged(notFound(command.addressId));
      const staying = all.filter(({ id }) => id !== address.id).map(({ id }) => id);
      const defaultAddresses = defaultsAfterRemoving(profile.defaultAddresses, { id: address.id, staying });
      await saveProfile(tx, { ...profile, defaultAddresses });
      await deleteAddress(tx, address);
      return told('AddressRemoved', 'account.address_removed', address);
    },
  ),

  setDefault: change(
    'addressDefaultSet',
    () => inputs.addressDefaultSet,
    async ({ tx, viewer, profile, command }) => {
      const address = await ownAddress(tx, viewer, command.addressId);
      if (!address) return unchanged(notFound(command.addressId));
      await makeDefault(tx, profile, { id: address.id, uses: command.defaultFor });
      return saved('AddressDefaultSet', address);
    },
  ),
});

const ownAddress = async (tx: Transaction, viewer: CustomerViewer, addressId: string) =>
  (await addressesOf(tx, viewer, [viewer.id])).find(({ id }) => id === addressId);

const makeDefault = (
  tx: Transaction,
  profile: Profile,
  wish: { readonly id: string; readonly uses: readonly AddressUse[] },
): Promise<void> =>
  saveProfile(tx, { ...profile, defaultAddresses: defaultsAfterAdding(profile.defaultAddresses, wish) });

const saved = <Name extends string>(__typename: Name, address: Address) =>
  told(__typename, 'account.address_saved', address);

const told = <Name extends string>(
  __typename: Name,
  type: 'account.address_saved' | 'account.address_removed',
  { id: addressId, customerId }: Address,
): Ending<AddressOutcome & { __typename: Name }> => ({
  outcome: { __typename, customerId, addressId },
  facts: [{ type, aggregateId: customerId, data: { customerId, addressId } }],
});
