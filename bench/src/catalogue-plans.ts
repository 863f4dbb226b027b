import type { Database } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';

/** How long the server's log may take to arrive here. */
const patienceMs = 10_000;

/** Reads in the server's log by which plans statements ran. The server needs `auto_explain` preloaded. */
export const planReader = () => {
  let lines: string[] = [];
  let marks = 0;
  const waiting = new Map<string, () => void>();

  return {
    /** Hand it to the server as its log. */
    hear: (line: string): void => {
      lines.push(line);
      for (const [mark, resolve] of waiting) if (line.includes(mark)) resolve();
    },
    /** From now on every plan is logged. */
    begin: async (db: Database): Promise<void> => {
      await db.execute(sql`alter system set auto_explain.log_min_duration = 0`);
      await db.execute(sql`select pg_reload_conf()`);
    },
    /** The lines that say how rows are found, of all statements that ran during the work. */
    scansOf: async (db: Database, work: () => Promise<unknown>): Promise<string[]> => {
      marks += 1;
      const mark = `end of plans ${marks}`;
      const isHeard = new Promise<void>((resolve, reject) => {
        waiting.set(mark, resolve);
        setTimeout(() => reject(new Error('The server logged no plans.')), patienceMs).unref();
      });
      lines = [];
      await work();
      await db.execute(sql.raw(`select '${mark}'`));
      await isHeard;
      waiting.delete(mark);
      return lines.filter((line) => / Scan /.test(line) && !/(?:CTE|Function|Subquery) Scan/.test(line));
    },
  };
};

export const isWholeTable = (line: string): boolean =>
  /Seq Scan on (products|variants|listings)\b/.test(line);

/** What each scan reads and by which index; costs and rows differ from run to run. */
export const distinctScans = (lines: readonly string[]): string[] => [
  ...new Set(lines.map((line) => `  ${line.replace(/^[\s>-]*/, '').replace(/ {2}\(.*$/, '')}`)),
];
