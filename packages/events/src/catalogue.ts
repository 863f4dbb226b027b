import type { z } from 'zod';
import { accountFacts } from './catalogue/account.ts';
import { accountDataFacts } from './catalogue/account-data.ts';
import { cartFacts } from './catalogue/cart.ts';
import { inventoryFacts } from './catalogue/inventory.ts';
import { pricingFacts } from './catalogue/pricing.ts';
import { productFacts } from './catalogue/product.ts';
import { staffFacts } from './catalogue/staff.ts';

const catalogue = {
  ...productFacts,
  ...inventoryFacts,
  ...cartFacts,
  ...pricingFacts,
  ...accountFacts,
  ...accountDataFacts,
  ...staffFacts,
} as const;

type Catalogue = typeof catalogue;

/** The name of a fact: its publisher, a dot, and what happened in the past tense. */
export type FactType = keyof Catalogue;

/** What a fact of one type carries. */
export type FactOf<Type extends FactType> = z.output<Catalogue[Type]['data']>;

/** A fact to publish. */
export type Fact = {
  [Type in FactType]: { type: Type; aggregateId: string; data: FactOf<Type> };
}[FactType];

/** A fact as it stands in its publisher's outbox. */
export type StoredEvent<Type extends FactType = FactType> = {
  [T in Type]: {
    /** `publisher:sequence`, unique in the whole shop. */
    id: string;
    publisher: string;
    /** Its place in the publisher's outbox: 1, 2, 3, without gaps. */
    sequence: number;
    type: T;
    version: number;
    aggregateId: string;
    occurredAt: Date;
    data: FactOf<T>;
  };
}[Type];

/** The version a fact is written in today. */
export const versionOf = (type: FactType): number => catalogue[type].version;

/** The publisher a fact belongs to. */
export const publisherOf = (type: FactType): string => type.slice(0, type.indexOf('.'));

/** Throws when the data is not what the catalogue promises for the type. */
export const parseFact = (type: FactType, data: unknown): unknown => catalogue[type].data.parse(data);

/** False for a fact of a later release, which consumers of this one pass over. */
export const isKnown = (type: string): type is FactType => Object.hasOwn(catalogue, type);

/** Every fact's name, for the checks of the repository. */
export const factTypes = Object.keys(catalogue) as readonly FactType[];

/** What of a fact is written down; the rest follows from its publisher. */
export type Recorded = Pick<StoredEvent, 'sequence' | 'version' | 'aggregateId' | 'occurredAt'> & {
  readonly type: string;
  readonly data: unknown;
};

/** A fact as it was written down, wherever that is. Throws when it is not what the catalogue promises. */
export const storedEvent = (publisher: string, recorded: Recorded): StoredEvent => {
  const { sequence, type, version, aggregateId, occurredAt, data } = recorded;
  const parsed = isKnown(type) ? parseFact(type, data) : data;
  // The type and its data were checked together, which the union cannot follow.
  return {
    id: `${publisher}:${sequence}`,
    publisher,
    sequence,
    type,
    version,
    aggregateId,
    occurredAt,
    data: parsed,
  } as StoredEvent;
};
