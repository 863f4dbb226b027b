import type { EventLog } from '@storegraph/events';

/** What was told of staff while the work ran: who, and what they did. */
export const actsWhile = async (log: EventLog, work: () => Promise<unknown>): Promise<object[]> => {
  const before = await log.head();
  await work();
  const facts = await log.read(before, 1_000);
  return facts.flatMap(({ type, aggregateId, data }) => (isAct(type) ? [{ by: aggregateId, ...data }] : []));
};

/** Whether a fact tells what staff did: those come beside the facts of the change itself. */
export const isAct = (type: string): boolean => type.endsWith('.staff_acted');
