export { type Bus, createInProcessBus } from './bus.ts';
export {
  type Fact,
  type FactOf,
  type FactType,
  factTypes,
  publisherOf,
  type StoredEvent,
} from './catalogue.ts';
export { type Consumer, type Handlers, startConsumer } from './consumer.ts';
export { type EventLog, type OpenEventLog, openEventLog } from './log.ts';
export { announceCommit, append, eventsMigrations } from './outbox.ts';
export { orAborted, pause } from './pause.ts';
export { openProcessBus, type ProcessBus } from './process-bus.ts';
export { PublisherAwayError } from './publisher-client.ts';
export { tellSince } from './recent-facts.ts';
export { CursorTooOldError } from './retention.ts';
