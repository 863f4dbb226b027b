/** An export of everything the shop holds of a customer, or its erasure, over all subgraphs. */

export type DataJobKind = 'EXPORT' | 'ERASURE';

/**
 * WAITING may still be withdrawn. CLOSING is an erasure whose customer is signed out while the last access tokens
 * run out. RUNNING asks the subgraphs. The others are ends.
 */
export type DataJobStatus = 'WAITING' | 'CLOSING' | 'RUNNING' | 'FINISHED' | 'WITHDRAWN' | 'FAILED';

/** Every part of the shop answers for itself, also that it holds nothing. */
export const dataHolders = ['account', 'cart', 'inventory', 'pricing', 'product'] as const;
export type DataHolder = (typeof dataHolders)[number];

/** What stays although the customer is erased, and which duty asks for it. */
export type Kept = { readonly what: string; readonly reason: string };

/** One subgraph's word on its part of a job. */
export type Receipt = {
  readonly subgraph: DataHolder;
  /** Rows that went into the archive, or that were erased. */
  readonly items: number;
  readonly kept: readonly Kept[];
  readonly receivedAt: Date;
};

export type DataJob = {
  readonly id: string;
  readonly customerId: string;
  readonly kind: DataJobKind;
  readonly status: DataJobStatus;
  /** Of erasures alone. */
  readonly receiptCode: string | null;
  readonly requestedAt: Date;
  readonly beginsAt: Date;
  readonly finishedAt: Date | null;
  readonly expiresAt: Date | null;
  /** Tries since the last step, also those whose process died in the midst. */
  readonly attempts: number;
};

/** Time to think again, and for the owner of a stolen token's account to read the mail about it. */
export const erasureGraceHours = 24;
/** An access token lives ten minutes; then nobody can write for the customer any more, whatever a router has not heard. */
export const closingMinutes = 11;
/** An export is work for every part of the shop; nobody needs two within the hour. */
export const exportPauseMinutes = 60;
/** How long an archive can be fetched. */
export const archiveDays = 7;
/** With the pauses between them about a day; then somebody has to look, and the customer asks again. */
export const maxExportAttempts = 150;
const maxPauseSeconds = 600;
/** One customer's data are text, and pack well. Routers refuse answers past 16 MiB, and Base64 takes a third more. */
export const maxArchiveBytes = 4 * 1024 * 1024;

/** When to try again after so many tries that failed. */
export const pauseSecondsAfter = (attempts: number): number =>
  Math.min(2 ** Math.min(attempts, 20), maxPauseSeconds);

/** Who is still to be asked. */
export const missingHolders = (receipts: readonly Pick<Receipt, 'subgraph'>[]): DataHolder[] =>
  dataHolders.filter((holder) => !receipts.some(({ subgraph }) => subgraph === holder));

/** When another export may be asked for after this one; null when at once. */
export const nextExportAt = (latest: DataJob | null, now: Date): Date | null => {
  if (latest === null || latest.status !== 'FINISHED') return null;
  const at = new Date(latest.requestedAt.getTime() + exportPauseMinutes * 60_000);
  return at > now ? at : null;
};

/** The files of an archive: one for each subgraph, and one that says what this is. */
export const archiveFiles = (
  { id, customerId, requestedAt }: Pick<DataJob, 'id' | 'customerId' | 'requestedAt'>,
  parts: readonly { readonly subgraph: string; readonly content: string }[],
): { readonly name: string; readonly text: string }[] => {
  const files = parts.map(({ subgraph, content }) => ({ name: `${subgraph}.json`, text: `${content}\n` }));
  const about = { exportId: id, customerId, requestedAt, files: files.map(({ name }) => name) };
  return [{ name: 'about.json', text: `${JSON.stringify(about, null, 2)}\n` }, ...files];
};
