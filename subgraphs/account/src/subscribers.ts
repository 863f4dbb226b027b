import type { Handlers, StoredEvent } from '@storegraph/events';
import type { Transaction } from '@storegraph/postgres';
import { nobody } from './audit-domain.ts';
import { audit } from './audit-repository.ts';

type Acted = 'product.staff_acted' | 'pricing.staff_acted' | 'inventory.staff_acted';

/** What staff did elsewhere in the shop is written down here, with the customer it was about where there is one. */
const enter = async (
  tx: Transaction,
  { publisher, aggregateId, occurredAt, data }: StoredEvent<Acted>,
): Promise<void> => {
  const { operation, outcome, on } = data;
  const details = { ...on, subgraph: publisher, operation, outcome, at: occurredAt.toISOString() };
  const subjectId = on['customerId'] ?? nobody;
  audit(tx, [{ actor: `staff:${aggregateId}`, action: 'acted', subjectId, details }]);
};

/** What the other subgraphs tell of staff. */
export const subscribers: Handlers = {
  'product.staff_acted': enter,
  'pricing.staff_acted': enter,
  'inventory.staff_acted': enter,
};
