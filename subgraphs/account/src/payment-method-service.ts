import { newId, type Transaction } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import {
  type CustomerChange,
  type CustomerOutcome,
  type Ending,
  unchanged,
} from './customer-change-service.ts';
import * as inputs from './data-inputs.ts';
import {
  cardNumberFields,
  defaultAfterRemoving,
  maxPaymentMethods,
  type PaymentMethod,
} from './payment-method-domain.ts';
import { deletePaymentMethod, paymentMethodsOf, savePaymentMethod } from './payment-method-repository.ts';
import type { Profile } from './profile-domain.ts';
import { saveProfile } from './profile-repository.ts';

export type PaymentMethodOutcome = CustomerOutcome & { readonly paymentMethodId: string };

const notFound = (paymentMethodId: string) => ({
  __typename: 'PaymentMethodNotFound' as const,
  message: `You have no saved way to pay ${paymentMethodId}.`,
  paymentMethodId,
});

const limitReached = () => ({
  __typename: 'PaymentMethodLimitReached' as const,
  message: `There may be ${maxPaymentMethods} saved ways to pay: remove one first.`,
  limit: maxPaymentMethods,
});

/** It never repeats what was sent. */
const cardNumberRefused = (fields: readonly string[]) => ({
  __typename: 'CardNumberRefused' as const,
  message: `This looks like a card number, in ${fields.join(', ')}. Nothing was kept of it: hand the number to the payment provider alone, and send us its token.`,
  fields,
});

type Needs = { readonly change: CustomerChange; readonly now: () => Date };

/** A customer's saved ways to pay. */
export const createPaymentMethods = ({ change, now }: Needs) => {
  const add = change(
    'paymentMethodAdd',
    () => inputs.paymentMethodAdd(now()),
    async ({ tx, viewer, profile, command }) => {
      const { customerId } = profile;
      const { idempotencyKey: _key, isDefault, ...said } = command;
      const all = await paymentMethodsOf(tx, viewer, [viewer.id]);
      const known = all.find(({ provider, token }) => provider === said.provider && token === said.token);
      if (!known && all.length >= maxPaymentMethods) return unchanged(limitReached());
      const method = { ...said, customerId, id: known?.id ?? newId(), addedAt: known?.addedAt ?? now() };
      await savePaymentMethod(tx, method);
      if (isDefault || profile.defaultPaymentMethodId === null) await makeDefault(tx, profile, method.id);
      return told('PaymentMethodAdded', 'account.payment_method_saved', method);
    },
  );
  return {
    /** Looked at before anything of it is written anywhere, keys included. */
    add: async (viewer: Viewer, input: Readonly<Record<string, unknown>>) => {
      const fields = cardNumberFields(input);
      return fields.length > 0 ? cardNumberRefused(fields) : add(viewer, input);
    },

    remove: change(
      'paymentMethodRemove',
      () => inputs.paymentMethodChange,
      async ({ tx, viewer, profile, command }) => {
        const all = await paymentMethodsOf(tx, viewer, [viewer.id]);
        const method = all.find(({ id }) => id === command.paymentMethodId);
        if (!method) return unchanged(notFound(command.paymentMethodId));
        const staying = all.filter(({ id }) => id !== method.id);
        const heir = defaultAfterRemoving(profile.defaultPaymentMethodId, { id: method.id, staying });
        await makeDefault(tx, profile, heir);
        await deletePaymentMethod(tx, method);
        return told('PaymentMethodRemoved', 'account.payment_method_removed', method);
      },
    ),

    setDefault: change(
      'paymentMethodDefaultSet',
      () => inputs.paymentMethodChange,
      async ({ tx, viewer, profile, command }) => {
        const all = await paymentMethodsOf(tx, viewer, [viewer.id]);
        const method = all.find(({ id }) => id === command.paymentMethodId);
        if (!method) return unchanged(notFound(command.paymentMethodId));
        await makeDefault(tx, profile, method.id);
        return told('PaymentMethodDefaultSet', 'account.payment_method_saved', method);
      },
    ),
  };
};

const makeDefault = (tx: Transaction, profile: Profile, defaultPaymentMethodId: string | null) =>
  saveProfile(tx, { ...profile, defaultPaymentMethodId });

const told = <Name extends string>(
  __typename: Name,
  type: 'account.payment_method_saved' | 'account.payment_method_removed',
  { id: paymentMethodId, customerId }: PaymentMethod,
): Ending<PaymentMethodOutcome & { __typename: Name }> => ({
  outcome: { __typename, customerId, paymentMethodId },
  facts: [{ type, aggregateId: customerId, data: { customerId, paymentMethodId } }],
});
