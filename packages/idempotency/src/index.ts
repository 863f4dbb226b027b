export { fingerprintOf } from './fingerprint.ts';
export {
  type Command,
  forgetOldKeys,
  type IdempotencyConflict,
  idempotencyConflict,
  idempotencyKey,
  idempotencyMigrations,
  isReplay,
  markReplay,
  once,
  startForgetting,
} from './once.ts';
export { onceTelling, staffActed } from './staff.ts';
