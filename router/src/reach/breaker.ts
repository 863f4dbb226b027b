/** What became of a request, as far as it says something about the one who was asked. */
export type Verdict = 'well' | 'ill' | 'unknown';

/** Keeps requests from going where they fail. */
export type Breaker = {
  /** Whether a request may go. Whoever may must say how it went. */
  readonly mayGo: () => boolean;
  /** True when this made the breaker open or close. */
  readonly note: (verdict: Verdict) => boolean;
  readonly isOpen: () => boolean;
};

export type BreakerOptions = {
  /** After so many failures in a row nothing is sent; a success between them starts the count again. */
  readonly maxFailures: number;
  /** How long nothing is sent. Then one request is let through, and how it goes decides for the others. */
  readonly openMs: number;
  readonly now: () => number;
};

/** Ours and not a library's: to those, a request whose caller had too little time is a success or a failure. It is neither. */
export const createBreaker = ({ maxFailures, openMs, now }: BreakerOptions): Breaker => {
  let failures = 0;
  let openUntil: number | null = null;
  let isProbing = false;

  return {
    mayGo: () => {
      if (openUntil === null) return true;
      if (isProbing || now() < openUntil) return false;
      isProbing = true;
      return true;
    },
    note: (verdict) => {
      const wasOpen = openUntil !== null;
      isProbing = false;
      if (verdict === 'unknown') return false;
      if (verdict === 'well') {
        failures = 0;
        openUntil = null;
        return wasOpen;
      }
      failures += 1;
      if (failures < maxFailures) return false;
      openUntil = now() + openMs;
      return !wasOpen;
    },
    isOpen: () => openUntil !== null,
  };
};
