import { z } from 'zod';
import { type StoredEvent, storedEvent } from './catalogue.ts';

/** A fact between processes: a StoredEvent as JSON writes it. */
const schema = z.object({
  publisher: z.string(),
  sequence: z.int().positive(),
  type: z.string(),
  version: z.int(),
  aggregateId: z.string(),
  occurredAt: z.iso.datetime().transform((text) => new Date(text)),
  data: z.unknown(),
});

/** Reads what another process wrote of a publisher's fact. Throws when it is none, or another publisher's. */
export const readFact = (publisher: string, json: unknown): StoredEvent => {
  const fact = schema.parse(json);
  if (fact.publisher !== publisher) {
    throw new Error(`A fact of ${fact.publisher} came where those of ${publisher} should be.`);
  }
  return storedEvent(publisher, fact);
};
